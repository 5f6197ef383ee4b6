import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { majors, withDatabase, type TestDatabase } from '../postgres/database.ts';
import { errorOf, runCli, withProject, type Project } from '../project.ts';
import { applyAsCli, inMigrations } from './applied-by-cli.ts';

const migrations = {
  '20260101000000_v0_7_0_notes.sql': 'create table public.notes (id int primary key);',
  '20260102000000_v0_8_0_tags.sql': 'create table public.tags (id int primary key);',
};
const tests = {
  'supabase/tests/v0.7.0_smoke_test.sql': `begin;\ninsert into public.notes values (1);\nselect '1..1';\nselect case when count(*) = 1 then 'ok 1' else 'not ok 1' end || ' - a note is kept' from public.notes;\nrollback;\n`,
  'supabase/tests/v0.7.0_expect.toml': '[counts]\ntables = 1\n',
  'supabase/tests/v0.8.0_smoke_test.sql':
    "select '1..1';\nselect 'ok 1 - tags are there' from public.tags right join (select 1) as one on true;\n",
  'supabase/tests/v0.8.0_expect.toml': '[counts]\ntables = 2\n',
};

const withApplied = (
  major: number,
  files: Record<string, string>,
  use: (run: (...words: string[]) => ReturnType<typeof runCli>, database: TestDatabase, project: Project) => Promise<void>,
) =>
  withDatabase(major, async (database) => {
    await applyAsCli(database, migrations);
    await withProject({ ...inMigrations(migrations), ...tests, ...files }, (project) =>
      use((...words) => runCli('db-test', [...words, `--remote=${database.url}`], { cwd: project.folder }), database, project),
    );
  });

const notes = ({ settings }: TestDatabase) =>
  withClient(settings, async (client) => Number((await client.query('select count(*) from public.notes')).rows[0].count));

describe.each(majors)('PostgreSQL %i', (major) => {
  test('without a version the newest applied one is tested, and what it expects is compared', async () => {
    await withApplied(major, {}, async (run) => {
      const { exitCode, stdout, stderr } = await run();
      expect(stderr).toContain('Testing v0.8.0 (supabase/tests/v0.8.0_smoke_test.sql)');
      expect(stdout).toContain('ok  2 tables');
      expect(stdout).toContain('ok  tags are there');
      expect(stdout).toMatch(/v0\.8\.0: 2 checks passed in \d+\.\d\d s$/);
      expect(exitCode).toBe(0);
    });
  });

  test('an older version is tested without its expectations, which describe an older schema; its rows are gone afterwards', async () => {
    await withApplied(major, {}, async (run, database) => {
      const { exitCode, stdout, stderr } = await run('0.7.0');
      expect([exitCode, stdout]).toEqual([0, expect.stringContaining('v0.7.0: 1 check passed')]);
      expect(stderr).toContain('v0.7.0 is not the newest applied version (v0.8.0)');
      expect(await notes(database)).toBe(0);
    });
  });

  test('a failing test exits 1, shows what it found, and says that nothing was changed', async () => {
    const failing = {
      'supabase/tests/v0.8.0_smoke_test.sql':
        "insert into public.notes values (7);\ndo $$ begin assert false, 'tags are missing'; end $$;\n",
    };
    await withApplied(major, failing, async (run, database) => {
      const { exitCode, stdout } = await run();
      expect(exitCode).toBe(1);
      expect(stdout).toContain('FAIL  v0.8.0_smoke_test.sql ran without error');
      expect(stdout).toContain('tags are missing');
      expect(stdout).toContain('supabase/tests/v0.8.0_smoke_test.sql:2:');
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('State: Nothing was changed: tests are rolled back.');
      expect(await notes(database)).toBe(0);
    });
  });

  test('--all tests every applied version, names the tests it left out, and fails when one does', async () => {
    const more = {
      'supabase/tests/v0.7.0_smoke_test.sql': "select 'not ok 1 - notes are read';\nselect '1..1';\n",
      'supabase/tests/v0.9.0_smoke_test.sql': 'select 1;',
    };
    await withApplied(major, more, async (run) => {
      const { exitCode, stdout, stderr } = await run('--all');
      expect(exitCode).toBe(1);
      expect(stderr).toContain('Left out, its version is not applied: supabase/tests/v0.9.0_smoke_test.sql');
      expect(stdout).toContain('v0.8.0: 2 checks passed');
      expect(stdout).toContain('1 of 2 smoke tests failed: v0.7.0.');
    });
  });
});

test('a version without a test is refused with the path where it is looked for', async () => {
  await withApplied(17, {}, async (run) => {
    const refused = await run('v0.9.0', '--output-format=json');
    expect(refused.exitCode).toBe(3);
    expect(errorOf(refused)).toMatchObject({
      code: 'test_missing',
      message: expect.stringContaining('v0.9.0'),
      detail: ['Expected: supabase/tests/v0.9.0_smoke_test.sql', 'Versions with a test: v0.7.0, v0.8.0'],
    });
  });
});

test("a migration's timestamp and a test's path name its version too", async () => {
  await withApplied(17, {}, async (run) => {
    expect((await run('20260102000000')).stdout).toContain('v0.8.0: 2 checks passed');
    expect((await run('supabase/tests/v0.8.0_smoke_test.sql')).stdout).toContain('v0.8.0: 2 checks passed');
    for (const words of [['nonsense'], ['v0.7.0', '--all']]) {
      const refused = await run(...words, '--output-format=json');
      expect([refused.exitCode, errorOf(refused).code], words.join(' ')).toEqual([2, 'wrong_arguments']);
    }
  });
});

test('a database without history has no newest version; a version named is tested all the same', async () => {
  await withDatabase(17, async (database) => {
    await withProject({ 'supabase/tests/v0.7.0_smoke_test.sql': 'select 1;' }, async ({ folder }) => {
      const run = (...words: string[]) => runCli('db-test', [...words, `--remote=${database.url}`], { cwd: folder });
      const refused = await run('--output-format=json');
      expect([refused.exitCode, errorOf(refused).code]).toEqual([3, 'not_applied']);
      expect(await run('v0.7.0')).toMatchObject({ exitCode: 0 });
      const { rowCount } = await withClient(database.settings, (client) =>
        client.query("select from pg_class where relnamespace = to_regnamespace('supabase_migrations') and relkind = 'r'"),
      );
      expect(rowCount).toBe(0);
    });
  });
});

test('as JSON the results are an array, with the problem of a test that failed', async () => {
  await withApplied(17, { 'supabase/tests/v0.8.0_smoke_test.sql': 'select 1 / 0;' }, async (run) => {
    const { exitCode, stdout } = await run('--all', '--output-format', 'json');
    const results = JSON.parse(stdout);
    expect(exitCode).toBe(1);
    expect(results).toMatchObject([
      { version: 'v0.7.0', ok: true },
      { version: 'v0.8.0', ok: false, problem: { code: 'sql_failed', sqlState: '22012', place: { line: 1 } } },
    ]);
  });
});
