import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { mostly, withDatabase, type TestDatabase } from '../postgres/database.ts';
import { errorOf, runCli, withProject, type Project } from '../project.ts';
import { applyAsCli, inMigrations } from './applied-by-cli.ts';
import { shareShadow } from './shared-shadow.ts';

const first = '20260101000000_v0_1_0_notes.sql';
const second = '20260102000000_v0_2_0_tags.sql';
const files = { [first]: 'create table public.notes (id int primary key);', [second]: 'create table public.tags (id int primary key);' };

interface Place {
  project: Project;
  database: TestDatabase;
  status: (...words: string[]) => ReturnType<typeof runCli>;
  migrate: (...words: string[]) => ReturnType<typeof runCli>;
  sql: (text: string) => Promise<unknown[]>;
}

const useShadow = shareShadow();

const withPlace = (major: number, use: (place: Place) => Promise<void>) =>
  withDatabase(major, (database) =>
    withProject(inMigrations(files), (project) => {
      useShadow(project);
      const run =
        (name: string) =>
        (...words: string[]) =>
          runCli(name, [...words, `--remote=${database.url}`], { cwd: project.folder });
      const sql = (text: string) => withClient(database.settings, async (client) => (await client.query(text)).rows);
      return use({ project, database, status: run('db-status'), migrate: run('db-migrate'), sql });
    }),
  );

const json = async (running: ReturnType<typeof runCli>) => JSON.parse((await running).stdout);

describe.each(mostly(17))('PostgreSQL %i', (major) => {
  test('a database without history says so and what to do first, and nothing is written to it', async () => {
    await withPlace(major, async ({ status, sql, project }) => {
      const { exitCode, stdout } = await status('--exit-code');
      expect(exitCode).toBe(3);
      expect(stdout).toContain('No migration was ever recorded here.');
      expect(stdout).toContain(`  supabase/migrations/${first}`);
      expect(stdout).toContain('Next: npx supasnap migrate --dry-run');
      expect(
        await sql("select relname from pg_class where relnamespace = to_regnamespace('supabase_migrations') and relkind = 'r'"),
      ).toEqual([]);
      expect(project.list('supabase')).toEqual(['migrations']);
    });
  });

  test('what the Supabase CLI applied is known; pending, late, edited and missing files are told apart', async () => {
    await withPlace(major, async ({ status, database, project }) => {
      await applyAsCli(database, { ...files, '20260103000000_gone.sql': 'create table public.gone ();' });
      project.write(`supabase/migrations/${second}`, 'create table public.tags (id bigint primary key);');
      project.write('supabase/migrations/20260101120000_late.sql', 'select 1;');
      project.write('supabase/migrations/20260104000000_new.sql', 'select 1;');
      project.write('supabase/migrations/README.md', 'hello');
      expect(await json(status('--output-format', 'json'))).toMatchObject({
        hasHistory: true,
        applied: [
          { version: '20260101000000', file: `supabase/migrations/${first}` },
          { version: '20260102000000' },
          { version: '20260103000000', name: 'gone', file: null },
        ],
        pending: [{ file: 'supabase/migrations/20260104000000_new.sql' }],
        late: [{ file: 'supabase/migrations/20260101120000_late.sql' }],
        edited: [
          {
            file: `supabase/migrations/${second}`,
            statement: 1,
            applied: files[second]!.slice(0, -1),
            now: 'create table public.tags (id bigint primary key)',
          },
        ],
        missing: [{ version: '20260103000000', name: 'gone' }],
        drift: null,
        lastSnapshot: null,
        unfinished: [],
        notMigrations: ['supabase/migrations/README.md'],
        inOrder: false,
      });
      const { stdout, exitCode } = await status();
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^Edited +supabase\/migrations\/20260102000000_v0_2_0_tags\.sql$/m);
      expect(stdout).toContain(
        'differs first in statement 1:\n  applied: create table public.tags (id int primary key)\n  file:    create table public.tags (id bigint primary key)',
      );
      expect(stdout).toMatch(/^Drift +not known: there is no snapshot to compare with yet$/m);
    });
  });

  test('after migrate all is in order; a change by hand is drift, and undone by hand it is none; status leaves no trace', async () => {
    await withPlace(major, async ({ status, migrate, sql, project }) => {
      expect((await migrate('--yes')).exitCode).toBe(0);
      const inOrder = await status('--exit-code');
      expect(inOrder.stdout).toMatch(/^Applied +2, newest 20260102000000_v0_2_0_tags$/m);
      expect(inOrder.stdout).toMatch(/^Drift +none$/m);
      expect(inOrder.stdout).toMatch(/^Last snapshot +v0\.2\.0_20260102000000_after, just now, [\d.]+ kB$/m);
      expect(inOrder.stdout).toContain('Next: Nothing to do.');
      expect(inOrder.exitCode).toBe(0);

      const kept = 'select count(*)::int as snapshots from supabase_migrations.supasnap_snapshots';
      const before = [await sql(kept), project.list('supabase/snapshots')];
      await sql('alter table public.notes add color text');
      const drifted = await status('--exit-code');
      expect(drifted.exitCode).toBe(3);
      expect(drifted.stdout).toMatch(/^Drift +\d+ differences? since v0\.2\.0_20260102000000_after$/m);
      expect(drifted.stdout).toContain('added: column public.notes.color');
      await sql('alter table public.notes drop color');
      expect(await json(status('--output-format', 'json'))).toMatchObject({ drift: { by: 'facts', differences: [] }, inOrder: true });
      expect([await sql(kept), project.list('supabase/snapshots')]).toEqual(before);
    });
  });
});

test('a run that was cut off says what is true and how to go back, until it is gone back', async () => {
  await withPlace(17, async ({ status, migrate, sql }) => {
    expect((await migrate('--yes')).exitCode).toBe(0);
    await sql(
      "delete from supabase_migrations.schema_migrations where version = '20260102000000'; update supabase_migrations.supasnap_runs set status = 'applying', snapshot_after = null, progress = '{\"done\": 1, \"of\": 3}' where id = 2",
    );
    const cut = await status('--exit-code');
    expect(cut.exitCode).toBe(3);
    expect(cut.stdout).toMatch(/^Unfinished +migrate 20260102000000_v0_2_0_tags$/m);
    expect(cut.stdout).toContain('1 of its 3 steps are done; it is not recorded as applied.');
    expect(cut.stdout).toContain(
      'Next: Go on with it: npx supasnap migrate --resume. Or go back to the state before it: npx supasnap rollback v0.2.0_20260102000000',
    );

    await sql(
      "insert into supabase_migrations.schema_migrations (version, name) values ('20260102000000', 'v0_2_0_tags'); update supabase_migrations.supasnap_runs set status = 'applied', progress = null where id = 2",
    );
    expect((await status()).stdout).toContain('It is applied and recorded; the command was cut off before it took the snapshot after.');

    await sql("update supabase_migrations.supasnap_runs set status = 'failed' where id = 2");
    expect(await json(status('--output-format', 'json'))).toMatchObject({ unfinished: [], inOrder: true });
  });
});

test('a run whose session is still there is being done, not broken', async () => {
  await withPlace(17, async ({ status, migrate, sql, database }) => {
    expect((await migrate('--yes')).exitCode).toBe(0);
    await sql(
      "delete from supabase_migrations.schema_migrations where version = '20260102000000'; update supabase_migrations.supasnap_runs set status = 'applying', snapshot_after = null where id = (select max(id) from supabase_migrations.supasnap_runs)",
    );
    await withClient(database.settings, async (runner) => {
      const { rows } = await runner.query('select pg_advisory_lock(5201026211500), pg_backend_pid() as pid');
      expect((await status()).stdout).toContain(`It is being done now, by session ${rows[0].pid}.`);
    });
    expect((await status()).stdout).toContain('It is not known to have completed a step; it is not recorded as applied.');
  });
});

test('a lost clone: the last snapshot is read from the target, and an edited snapshot file is named', async () => {
  await withPlace(17, async ({ status, migrate, sql, project }) => {
    expect((await migrate('--yes')).exitCode).toBe(0);
    await sql('create table public.by_hand ()');
    const file = 'supabase/snapshots/v0.2.0_20260102000000_after.sql';
    project.write(file, `${project.read(file)}-- touched`);
    const edited = await status();
    expect(edited.stdout).toMatch(/^Drift +not known: the last snapshot can't be read$/m);
    expect(edited.stdout).toContain('v0.2.0_20260102000000_after.sql is not what was written');

    rmSync(project.path('supabase/snapshots'), { recursive: true });
    const lost = await status();
    expect(lost.stdout).toContain('added: table public.by_hand');
    expect(lost.stdout).toMatch(/^Last snapshot .* compressed, only in the target$/m);
  });
});

test('a file that is no good is named, and the rest is shown all the same', async () => {
  await withPlace(17, async ({ status, database, project }) => {
    await applyAsCli(database, files);
    project.write('supabase/migrations/20260102000000_v0_2_0_again.sql', 'select 1;');
    const { exitCode, stdout } = await status('--exit-code');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('2 files have the version 20260102000000');
    expect(stdout).toMatch(/^Applied +2/m);
  });
});

test('a target that can not be reached is an error without its password', async () => {
  await withProject(inMigrations(files), async ({ folder }) => {
    const words = ['--remote=postgresql://postgres:verysecret@127.0.0.1:1/postgres', '--output-format=json'];
    const refused = await runCli('db-status', words, { cwd: folder });
    expect(refused.exitCode).toBe(1);
    expect(errorOf(refused)).toMatchObject({ code: 'connection_failed', message: expect.stringContaining('127.0.0.1:1') });
    expect(refused.stdout + refused.stderr).not.toContain('verysecret');
  });
});
