import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSettings } from '../../src/config/settings.ts';
import type { Problem } from '../../src/errors.ts';

const ref = 'abcdefghijklmnopqrst';
const mistakes = (toml: string): string[] => {
  try {
    parseSettings(toml, 'supasnap.toml');
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_config' });
    return (error as Problem).detail;
  }
  return [];
};

test('environments are read with their ref or URL, what they require, and their windows', () => {
  const { environments } = parseSettings(
    `[env.staging]\nurl = "env(STAGING_DB_URL)"\n[env.production]\nref = "${ref}"\npassword = "env(PRODUCTION_DB_PASSWORD)"\nprotected = true\nrequires = ["staging"]\nwindow = ["Mon-Thu 02:00-04:00 UTC", "Sat 22:00-02:00 Europe/Berlin"]\n`,
    'supasnap.toml',
  );
  expect(environments).toEqual([
    { name: 'staging', url: { variable: 'STAGING_DB_URL' }, protected: false, requires: [], windows: [] },
    {
      name: 'production',
      ref,
      passwordVariable: 'PRODUCTION_DB_PASSWORD',
      protected: true,
      requires: ['staging'],
      windows: [
        { text: 'Mon-Thu 02:00-04:00 UTC', days: [1, 2, 3, 4], from: 120, to: 240, zone: 'UTC' },
        { text: 'Sat 22:00-02:00 Europe/Berlin', days: [6], from: 1320, to: 120, zone: 'Europe/Berlin' },
      ],
    },
  ]);
});

test('all mistakes in environments are told together, and no password is repeated', () => {
  const found = mistakes(
    `pg_dmp = "auto"\n[env.a]\nref = "short"\nrequires = ["a", "nobody"]\nwindow = "at night"\nprotcted = true\n[env.b]\nurl = "postgresql://postgres:hunter22@db.example.com/postgres"\npassword = "hunter33"\n[env.c]\nprotected = "yes"\n`,
  );
  expect(found).toEqual([
    '"pg_dmp" is not a setting. Did you mean "pg_dump"?',
    '"env.a.protcted" is not a setting. Did you mean "protected"?',
    '"env.a.ref" must be a project\'s ref, 20 lower-case letters.',
    '"env.a.window" must be days, hours and a time zone such as "Mon-Thu 02:00-04:00 UTC" or "22:00-02:00 Europe/Berlin", not "at night".',
    '"env.b.url" must be "env(B_DB_URL)", or a postgresql:// URL without a password.',
    '"env.b.password" must be the name of a variable, "env(B_DB_PASSWORD)": no password belongs in this file.',
    '"env.c.protected" must be true or false.',
    '"env.c" must have either ref or url.',
    '"env.a.requires" names itself.',
    '"env.a.requires" names "nobody", and there is no [env.nobody].',
  ]);
  expect(found.join()).not.toContain('hunter');
});

test.each([
  ['env = "production"', '"env" must be tables, such as [env.staging].'],
  [`[env]\nstaging = 3`, '"env.staging" must be a table: [env.staging]'],
  [`[env.a]\nref = "${ref}"\n[env.b]\nref = "${ref}"`, '"env.a" and "env.b" are the same project.'],
  [`[env.a]\nref = "${ref}"\nurl = "env(A)"`, '"env.a" must have either ref or url.'],
  [
    `[env.a]\nurl = "postgresql://db.example.com/postgres?user=x&password=hunter22"`,
    '"env.a.url" must be "env(A_DB_URL)", or a postgresql:// URL without a password.',
  ],
])('%s is a mistake', (toml, mistake) => expect(mistakes(toml)).toEqual([mistake]));

test('a URL without a password may stand in the file', () => {
  expect(parseSettings('[env.a]\nurl = "postgresql://deployer@db.example.com:5433/app"', 'supasnap.toml').environments[0]!.url).toEqual({
    text: 'postgresql://deployer@db.example.com:5433/app',
  });
});

test('the examples in README and in the settings file of the example project are valid', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const settings = readFileSync(new URL('../../supabase/supasnap.toml', import.meta.url), 'utf8');
  const commented = settings.slice(settings.indexOf('# [env.staging]')).replace(/^# ?/gm, '');
  for (const toml of [/```toml\n([^`]*)```/.exec(readme)![1]!, commented]) {
    expect(parseSettings(toml, 'supasnap.toml').environments).toMatchObject([
      { name: 'staging', url: { variable: 'STAGING_DB_URL' } },
      { name: 'production', protected: true, requires: ['staging'], windows: [{ days: [1, 2, 3, 4] }] },
    ]);
  }
});
