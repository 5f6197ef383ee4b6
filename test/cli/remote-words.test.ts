import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askHidden } from '../../src/cli/output.ts';
import { spellRemote } from '../../src/cli/remote-words.ts';

const ref = 'abcdefghijklmnopqrst';

test.each([
  ['migrate --remote supabase/migrations/20260101000000_a.sql', 'migrate --remote=linked supabase/migrations/20260101000000_a.sql'],
  ['rollback --remote v0.7.0', 'rollback --remote=linked v0.7.0'],
  ['status --remote', 'status --remote=linked'],
  ['status --remote --yes', 'status --remote=linked --yes'],
  [`status --remote ${ref}`, `status --remote=${ref}`],
  ['status --remote postgresql://example.com/a', 'status --remote=postgresql://example.com/a'],
  [`status --remote=${ref}`, `status --remote=${ref}`],
  ['status --remote=', 'status --remote='],
  ['migrate -- --remote', 'migrate -- --remote'],
])('"%s" means "%s"', (words, meant) => expect(spellRemote(words.split(' '))).toEqual(meant.split(' ')));

test('an empty word after --remote stays its value, so that a variable that is not set is no linked project', () => {
  expect(spellRemote(['migrate', '--remote', '', '--yes'])).toEqual(['migrate', '--remote=', '--yes']);
});

test('what is typed as a password is not shown', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const typed = askHidden('Password: ', input, output);
  input.write('hidden-4711\n');
  expect(await typed).toBe('hidden-4711');
  expect(output.read().toString()).toBe('Password: \n');
});
