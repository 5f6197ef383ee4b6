import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settingsFromUrl } from '../../src/target/url.ts';
import { errorOf, runCli, withProject } from '../project.ts';

const settings = { host: 'db.example.com', port: 5432, user: 'postgres', database: 'postgres' };
const urlWith = (password: string) => `postgresql://postgres:${password}@db.example.com:5432/postgres`;

describe('a password in a URL', () => {
  const passwords = [
    'Gh7@kLmN9#pQ',
    'Gh7@kLmN9/pQ',
    'Gh7@kLmN9?pQ',
    'Gh7:kLmN9',
    'Gh7 kLmN9',
    '%Gh7%25',
    'Gh7\'"$`\\',
    'ключ@пароль',
    '&Gh7=kLmN9+',
  ];

  test.each(passwords)('%s: percent-encoded it is what was meant', (password) => {
    expect(settingsFromUrl(urlWith(encodeURIComponent(password)), 'DATABASE_URL')).toEqual({ ...settings, password });
  });

  test.each(['Gh7%kLmN9', 'Gh7@kLmN9', 'Gh7:kLmN9', 'Gh7 kLmN9', '@Gh7@', 'Gh7&kLmN9=+'])(
    '%s: as people paste it, it has one reading',
    (password) => {
      expect(settingsFromUrl(urlWith(password), 'DATABASE_URL')).toEqual({ ...settings, password });
    },
  );

  const pasted = [
    ...[
      'Gh7@kLmN9#pQ',
      'Gh7@kLmN9/pQ',
      'Gh7@kLmN9?pQ',
      'Gh7#kLmN9',
      'Gh7/kLmN9',
      'Gh7?kLmN9',
      'Gh7/kL@mN9',
      '#Gh7@kLmN9',
      '5432/kLmN9?pQ',
    ].map(urlWith),
    'postgresql://db.example.com/postgres?user=postgres&password=Gh7@kLmN9',
    'postgresql://db.example.com/postgres?user=postgres&password=Gh7#kLmN9',
    'postgres://postgres.abcdefghijklmnopqrst:Gh7@kLmN9?pQ@pooler.example.com:6543/postgres',
  ];

  test.each(pasted)('%s is refused, and no piece of it is shown or looked up', (url) => {
    const refusal = (() => {
      try {
        return settingsFromUrl(url, 'DATABASE_URL');
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({
      code: 'bad_target',
      exitCode: 2,
      detail: [expect.stringMatching(/@ is %40, : %3A, \/ %2F, \? %3F, # %23/)],
    });
    expect(JSON.stringify(refusal)).not.toMatch(/Gh7|LmN9|pQ/);
  });

  test('nor by a command, wherever it is written, nor in a file', () =>
    withProject({ 'supabase/supasnap.toml': '[env.staging]\nurl = "env(STAGING)"\n' }, async ({ folder }) => {
      const url = pasted[0]!;
      const ways: [words: string[], env: Record<string, string>][] = [
        [[], { DATABASE_URL: url }],
        [[], { SUPABASE_DB_URL: url }],
        [[`--remote=${url}`], {}],
        [['--db-url', url], {}],
        [['--env', 'staging'], { STAGING: url }],
      ];
      for (const [words, env] of ways) {
        const ended = await runCli('supasnap', ['status', '--debug', '--output-format', 'json', ...words], { cwd: folder, env });
        expect(errorOf(ended).code).toBe('bad_target');
        expect(ended.stdout + ended.stderr).not.toMatch(/Gh7|LmN9|pQ/);
      }
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (statSync(join(folder, name)).isFile()) expect(readFileSync(join(folder, name), 'latin1')).not.toMatch(/Gh7|LmN9/);
      }
    }));
});
