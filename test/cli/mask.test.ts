import { expect, test } from 'vitest';
import { maskSecrets } from '../../src/cli/output.ts';
import type { Context } from '../../src/context.ts';
import { readConfig } from '../../src/config/config.ts';
import { resolveTarget } from '../../src/target/resolve.ts';

test('a password is masked as it is, as JSON writes it, and inside a URL', () => {
  const secret = 'pass"word\\1';
  expect(maskSecrets(`it is ${secret}, ${JSON.stringify({ secret })}, postgresql://me:other@127.0.0.1/x`, [secret])).toBe(
    'it is ***, {"secret":"***"}, postgresql://me:***@127.0.0.1/x',
  );
});

test('a password that is also the name of the user or the database does not blot out those names', async () => {
  const secrets = async (url: string) => {
    const found: string[] = [];
    await resolveTarget({
      config: readConfig(undefined, process.cwd()),
      target: { remote: url },
      environment: {},
      secret: (text: string) => found.push(text),
    } as unknown as Context);
    return found;
  };
  expect(await secrets('postgresql://postgres:postgres@127.0.0.1/postgres')).toEqual([]);
  expect(await secrets('postgresql://boss:shopdata@127.0.0.1/shopdata')).toEqual([]);
  expect(await secrets('postgresql://boss:hidden-one@127.0.0.1/shopdata')).toEqual(['hidden-one']);
});
