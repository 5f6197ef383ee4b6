import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { majors, ownServers, withDatabase, type TestDatabase } from '../postgres/database.ts';
import { errorOf, runCli, withProject, type Project } from '../project.ts';
import { applyAsCli, inMigrations } from './applied-by-cli.ts';
import { asFiles, cliTests, notesSql } from './pgtap.ts';

ownServers();

const migrations = { '20260101000000_v0_7_0_notes.sql': notesSql };
const smokeTest = {
  'supabase/tests/v0.7.0_smoke_test.sql':
    "select '1..1';\nselect 'ok 1 - notes are there' from public.notes right join (select) as one on true;\n",
};

type Run = (...words: string[]) => ReturnType<typeof runCli>;

const withNotes = (
  major: number,
  files: Record<string, string>,
  use: (run: Run, database: TestDatabase, project: Project) => Promise<void>,
) =>
  withDatabase(major, async (database) => {
    await applyAsCli(database, migrations);
    await withProject({ ...inMigrations(migrations), ...smokeTest, ...files }, (project) =>
      use((...words) => runCli('db-test', [...words, `--remote=${database.url}`], { cwd: project.folder }), database, project),
    );
  });

/** All that a test may leave: objects, rows, users, settings. */
const contents = ({ superuser }: TestDatabase) =>
  withClient(superuser, async (client) => {
    const { rows } =
      await client.query(`select (select array_agg(extname::text order by 1) from pg_extension) as extensions, (select count(*) from pg_proc) as functions,
      (select count(*) from pg_class where relpersistence <> 't') as relations, (select count(*) from public.notes) as notes, (select count(*) from auth.users) as users,
      (select count(*) from pg_locks where locktype = 'advisory') as locks`);
    return rows[0];
  });

describe.each(majors)('PostgreSQL %i', (major) => {
  test('a file for "supabase test db" is run with pgTAP as another user of the application, and nothing of it stays', async () => {
    await withNotes(major, asFiles(cliTests), async (run, database) => {
      const before = await contents(database);
      const { exitCode, stdout } = await run('supabase/tests/rls.test.sql');
      expect(stdout.split('\n').slice(0, -1)).toEqual([
        '  ok  there are notes',
        '  ok  Table public.notes should have the correct policies',
        '  ok  it is user a',
        '  ok  a sees what is hers',
        '  ok  a writes',
        '  ok  not for others',
        '  ok  strangers see nothing',
        'todo  admins see all (policies for admins)',
        'skip  check 9 (no second project here)',
      ]);
      expect(stdout).toMatch(/supabase\/tests\/rls\.test\.sql: 9 checks passed in [\d.]+ s$/);
      expect(exitCode).toBe(0);
      expect(await contents(database)).toEqual(before);
    });
  });
});

test('--all runs the smoke tests of versions and every file for "supabase test db"; each passes or fails as it should', async () => {
  await withNotes(17, asFiles(cliTests), async (run, database, project) => {
    const before = await contents(database);
    const { exitCode, stdout } = await run('--all', '--output-format', 'json');
    const results: { version: string; ok: boolean }[] = JSON.parse(stdout);
    expect(Object.fromEntries(results.map(({ version, ok }) => [version.replace('supabase/tests/', ''), ok]))).toEqual({
      'v0.7.0': true,
      ...Object.fromEntries(Object.entries(cliTests).map(([name, { passes }]) => [name, passes])),
    });
    expect(exitCode).toBe(1);
    expect(await contents(database)).toEqual(before);

    project.write('results.tap', (await run('--all', '--format', 'tap')).stdout);
    const said = await prove(project.path('results.tap'));
    if (said === undefined) return;
    expect(said).toContain(`Failed ${results.filter(({ ok }) => !ok).length}/${results.length} subtests`);
    expect(said).not.toMatch(/Parse errors|Bad plan/);
  });
});

/** What Perl's prove, which is on every Debian, says of TAP; undefined where there is none. */
const prove = async (file: string): Promise<string | undefined> => {
  const { all, code } = await execa('prove', ['-e', 'cat', file], { all: true, reject: false, stdin: 'ignore' });
  return code === 'ENOENT' ? undefined : all;
};

test('a failing check shows what was had and what was wanted; an error, where it stands', async () => {
  await withNotes(17, asFiles(cliTests), async (run) => {
    const differs = await run('differs.sql');
    expect(differs.exitCode).toBe(1);
    expect(differs.stdout).toContain('FAIL  sums are right\n              have: 2\n              want: 3\n');
    expect(differs.stdout).toContain(
      'FAIL  rows are equal\n          Results differ beginning at row 2:\n              have: (2)\n              want: (3)\n',
    );
    const raises = await run('supabase/tests/raises.sql');
    expect([raises.exitCode, raises.stdout]).toEqual([1, expect.stringContaining('supabase/tests/raises.sql:4:')]);
    expect(raises.stdout).toContain('division by zero');
    expect((await run('no-plan-at-all.sql')).stdout).toContain(
      "FAIL  the plan is stated\n      no line says how many checks are meant: select plan(1), or select '1..1'",
    );
    expect((await run('syntax.sql')).stderr).toContain('supabase/tests/syntax.sql:3:1');
  });
});

test('a folder is run as a whole; a file that is not there and an end of the transaction in the middle are refused', async () => {
  const files = {
    'supabase/tests/sub/commits.sql': 'begin;\nselect plan(1);\nselect pass();\ncommit;\n',
    'supabase/tests/sub/v0.7.0_smoke_test.sql': "select '1..1';\nselect 'ok 1 - counted once';",
  };
  await withNotes(
    17,
    { ...asFiles({ 'sub/without-plan.pg': cliTests['sub/without-plan.pg']! }), ...files },
    async (run, _database, project) => {
      const { exitCode, stdout } = await run('supabase/tests/sub');
      expect(exitCode).toBe(1);
      expect(stdout).toContain('supabase/tests/sub/without-plan.pg: 2 checks passed');
      expect(stdout).toContain('supabase/tests/sub/commits.sql:4:1');
      expect(stdout).toContain('1 of 3 tests failed: supabase/tests/sub/commits.sql.');
      // The folder of all tests is --all; what looks like a version is one, whatever else is called so.
      project.write('v0.7.0/other.sql', 'select 1;');
      expect((await run('supabase/tests')).stdout).toContain('1 of 4 tests failed: supabase/tests/sub/commits.sql.');
      expect(await run('v0.7.0')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('v0.7.0: 1 check passed') });
      const refused = await run('supabase/tests/absent.sql', '--output-format=json');
      expect(refused.exitCode).toBe(3);
      expect(errorOf(refused)).toMatchObject({ code: 'test_missing', message: expect.stringContaining('supabase/tests/absent.sql') });
    },
  );
});

test('a database that has pgTAP keeps it as it is, and a file that makes it by itself is run as written', async () => {
  await withNotes(
    17,
    {
      'supabase/tests/makes.sql':
        'begin;\ncreate extension pgtap with schema public;\nselect public.plan(1);\nselect public.pass();\nrollback;\n',
    },
    async (run, database) => {
      expect(await run('makes.sql')).toMatchObject({ exitCode: 0 });
      await withClient(database.settings, (client) => client.query('create extension pgtap with schema extensions'));
      expect(await run('makes.sql')).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('extension "pgtap" already exists') });
    },
  );
});

test('a test that does not find pgTAP says what to do', async () => {
  await withNotes(17, asFiles({ 'a.sql': cliTests['plan-too-long.sql']! }), async (run, database) => {
    await withClient(database.superuser, (client) =>
      client.query(`alter role postgres in database ${database.name} set search_path = public`),
    );
    expect(await run('a.sql')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('The test calls pgTAP and does not find it: install it on that server'),
    });
  });
});

test('a migration that makes pgTAP is rehearsed on the embedded shadow, and taken back', async () => {
  await withDatabase(17, async (database) => {
    await withProject(
      inMigrations({ '20260101000000_v0_1_0_pgtap.sql': 'create extension pgtap with schema extensions;\n' }),
      async ({ folder }) => {
        const run = (name: string, ...words: string[]) => runCli(name, [...words, '--yes', `--remote=${database.url}`], { cwd: folder });
        const pgtap = () =>
          withClient(
            database.settings,
            async (client) => (await client.query("select from pg_extension where extname = 'pgtap'")).rowCount,
          );
        const migrated = await run('db-migrate');
        expect([migrated.exitCode, migrated.stderr]).toEqual([
          0,
          expect.stringContaining('Rollback proven: migrated and rolled back on embedded PostgreSQL 17'),
        ]);
        expect(await pgtap()).toBe(1);
        expect(await run('db-rollback', '--steps', '1')).toMatchObject({ exitCode: 0 });
        expect(await pgtap()).toBe(0);
      },
    );
  });
});
