import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { lockKey } from '../../src/target/lock.ts';
import { connect, withClient } from '../../src/target/connection.ts';
import { repair } from '../../src/commands/repair.ts';
import { status } from '../../src/commands/status.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const noWait = { 'supabase/supasnap.toml': 'lock_timeout = "200ms"\nlock_retries = 1\n' };

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('CREATE INDEX CONCURRENTLY runs outside a transaction, is recorded, and is rolled back', () =>
    withBase(
      { [next]: 'create table public.tags (id int);\ncreate index concurrently notes_body on public.notes (body);\n' },
      async (site) => {
        const before = await site.state();
        const { told } = expectCode(await site.migrate(), 0);
        expect(told).toContain('outside a transaction');
        expect(
          await site.sql(
            "select name, array_length(statements, 1) as statements from supabase_migrations.schema_migrations where version = '20260102000000'",
          ),
        ).toEqual([{ name: 'v0_2_0_next', statements: 2 }]);
        expect(await site.sql("select indisvalid as valid from pg_index where indexrelid = 'public.notes_body'::regclass")).toEqual([
          { valid: true },
        ]);
        expect(await site.sql("select status, progress from supabase_migrations.supasnap_runs where version = '20260102000000'")).toEqual([
          { status: 'done', progress: { done: 2, of: 2 } },
        ]);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect((await site.state()).dump).toBe(before.dump);
      },
    ));

  test.concurrent('when a statement outside a transaction fails, what was done is told and can be rolled back', () =>
    withBase(
      { [next]: 'create table public.tags (id int);\ncreate unique index concurrently notes_same on public.notes ((1));\n' },
      async (site) => {
        const before = await site.state();
        const { told } = expectCode(await site.migrate(), 4, 'unfinished_run');
        expect(told).toContain('could not create unique index');
        expect(told).toContain('The first 1 of 2 steps are done');
        expect(await site.sql("select version from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([]);
        expectCode(await site.rollback({ to: 'v0.2.0_20260102000000', shadow: undefined }), 0);
        expect((await site.state()).dump).toBe(before.dump);
      },
    ));

  test.concurrent('what stopped between its steps is told to the next migrate, and --resume goes on where it stopped', () =>
    withBase(
      {
        [next]:
          'create table public.tags (id int);\ncreate unique index concurrently notes_once on public.notes (body);\ninsert into public.tags values (1);\n',
      },
      async (site) => {
        await site.sql("update public.notes set body = 'same'");
        const { told } = expectCode(await site.migrate(), 4, 'unfinished_run');
        expect(told).toContain('the failed one may have left something incomplete');
        expect(told).toContain('npx supasnap migrate --resume');
        expect(await site.sql("select indisvalid as valid from pg_index where indexrelid = 'public.notes_once'::regclass")).toEqual([
          { valid: false },
        ]);
        const stopped = await expectUntouched(site, 3, 'unfinished_run', () => site.migrate());
        expect(stopped).toContain('Error: 20260102000000_v0_2_0_next');
        expect(stopped).toContain('1 of its 3 steps are done');
        expect(stopped).toContain('--resume');
        await site.sql("update public.notes set body = 'other' where id = 2");
        const resumed = expectCode(await site.migrate({ resume: true }), 0);
        expect(resumed.told).toContain('Goes on with step 2 of 3: the incomplete index public.notes_once goes first.');
        expect(await site.sql("select indisvalid as valid from pg_index where indexrelid = 'public.notes_once'::regclass")).toEqual([
          { valid: true },
        ]);
        expect(await site.sql('select id from public.tags')).toEqual([{ id: 1 }]);
        expect(await site.sql("select status, progress from supabase_migrations.supasnap_runs where version = '20260102000000'")).toEqual([
          { status: 'done', progress: { done: 3, of: 3 } },
        ]);
        expectCode(await site.migrate({ resume: true }), 2, 'cannot_resume');
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql("select to_regclass('public.tags') as tags, to_regclass('public.notes_once') as index")).toEqual([
          { tags: null, index: null },
        ]);
      },
    ));

  test.concurrent('what stopped between its steps, was completed by hand and recorded with repair is settled', () =>
    withBase(
      { [next]: 'create table public.tags (id int);\ncreate unique index concurrently notes_once on public.notes ((1));\n' },
      async (site) => {
        expectCode(await site.migrate(), 4, 'unfinished_run');
        await site.sql('drop index public.notes_once');
        expectCode(await site.run((context) => repair(context, { applied: ['20260102000000'] })), 0);
        expect((await site.run(status)).value).toMatchObject({ unfinished: [] });
        expectCode(await site.migrate({ resume: true }), 2, 'cannot_resume');
        site.project.write('supabase/migrations/20260103000000_v0_3_0_more.sql', 'create table public.more (id int);\n');
        expectCode(await site.migrate(), 0);
      },
    ));

  test.concurrent('of a step that was cut off, the database tells whether it came to its end', () =>
    withBase(
      {
        [next]:
          'create table public.tags (id int);\ncreate index concurrently notes_body on public.notes (body);\ninsert into public.tags values (1);\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql(
          "delete from public.tags; delete from supabase_migrations.schema_migrations where version = '20260102000000'; update supabase_migrations.supasnap_runs set status = 'applying', snapshot_after = null, progress = '{\"done\": 1, \"of\": 3, \"begun\": 1}' where version = '20260102000000'",
        );
        const resumed = expectCode(await site.migrate({ resume: true }), 0);
        expect(resumed.told).toContain('Goes on with step 3 of 3: the index public.notes_body is complete.');
        expect(await site.sql('select id from public.tags')).toEqual([{ id: 1 }]);
      },
    ));

  test.concurrent('a label is added to an enum and used in the same file', () =>
    withBase(
      {
        [next]: "create type public.mood as enum ('calm');\nalter table public.notes add column mood public.mood default 'calm';\n",
        '20260103000000_v0_3_0_more.sql': "alter type public.mood add value 'sad';\nupdate public.notes set mood = 'sad' where id = 1;\n",
      },
      async (site) => {
        expectCode(await site.migrate({ files: [next] }), 0);
        expect(expectCode(await site.migrate(), 0).told).toContain("adds the enum label 'sad'");
        expect(await site.sql('select id, mood::text from public.notes order by id')).toEqual([
          { id: 1, mood: 'sad' },
          { id: 2, mood: 'calm' },
        ]);
      },
    ));

  test.concurrent('a file with its own BEGIN and COMMIT is applied whole, and recorded as the CLI records it', () =>
    withBase({ [next]: 'BEGIN;\ncreate table public.tags (id int);\nCOMMIT;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      expect(await site.sql("select statements from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([
        { statements: ['BEGIN', 'create table public.tags (id int)', 'COMMIT'] },
      ]);
    }));

  test.concurrent('a lock that is held by someone else is tried again, and got when it is free', () =>
    withBase(
      {
        [next]: 'alter table public.notes add column done boolean;\n',
        'supabase/supasnap.toml': 'lock_timeout = "200ms"\nlock_retries = 20\n',
      },
      async (site) => {
        const release = await holdNotes(site);
        const running = site.migrate();
        await untilSomeoneWaits(site);
        await release();
        const { told } = expectCode(await running, 0);
        expect(told).toContain('Applied in');
        expect(
          await site.sql("select attname::text from pg_attribute where attrelid = 'public.notes'::regclass and attname = 'done'"),
        ).toHaveLength(1);
      },
    ));

  test.concurrent('a lock that stays held ends the run with nothing changed', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;\n', ...noWait }, async (site) => {
      const told = await expectUntouched(site, 1, 'lock_timeout', () => migrateWhileHeld(site));
      expect(told).toMatch(
        /Waiting for a lock held by session \d+ of supasnap as postgres, idle in transaction for \d+ s: begin; select '…' from public\.notes/,
      );
      expect(told).not.toContain('hunter2');
      expect(told).toContain('Trying again (1 of 1)');
    }));

  test.concurrent('how long a file waits for a lock, its header says', () =>
    withBase(
      {
        [next]: '-- supasnap: lock_timeout=200ms\nalter table public.notes add column done boolean;\n',
        'supabase/supasnap.toml': 'lock_timeout = "60s"\nlock_retries = 1\n',
      },
      async (site) => {
        const told = await expectUntouched(site, 1, 'lock_timeout', () => migrateWhileHeld(site));
        expect(told).toContain('2 tries of 200 ms each got none');
      },
    ));

  test.concurrent('a migration of policies on a busy database never keeps readers waiting beyond its lock_timeout', () =>
    withBase({ [next]: policies, 'supabase/supasnap.toml': 'lock_timeout = "4s"\nlock_retries = 20\n' }, async (site) => {
      await site.sql('create table public.zebras (id int)');
      const reader = await connect(site.database);
      const holder = await connect(site.database);
      await holder.query('begin; select from public.zebras');
      const running = site.migrate();
      let ended = false;
      void running.finally(() => (ended = true));
      await untilSomeoneWaits(site, 'public.zebras');
      const retried = untilRetried(site);
      await reader.query("set lock_timeout = '4s'");
      let reads = 0;
      void retried.then(() => holder.query('commit'));
      for (; !ended; reads++) await reader.query('select count(*) from public.notes');
      expectCode(await running, 0);
      expect(reads).toBeGreaterThan(1);
      expect(await site.sql("select tablename::text from pg_policies where schemaname = 'public' order by 1")).toEqual([
        { tablename: 'notes' },
        { tablename: 'zebras' },
      ]);
      await reader.end();
      await holder.end();
    }));

  test.concurrent('a change by someone else between rehearsal and apply is noticed', () =>
    withBase(
      {
        [next]: 'alter table public.notes add column done boolean;\n',
        'supabase/supasnap.toml': 'lock_timeout = "300ms"\nlock_retries = 20\n',
      },
      async (site) => {
        const release = await holdNotes(site);
        const running = site.migrate();
        await untilSomeoneWaits(site);
        await site.sql('create table public.meanwhile (id int)');
        await release();
        expectCode(await running, 3, 'changed_meanwhile');
        expect(
          await site.sql("select attname::text from pg_attribute where attrelid = 'public.notes'::regclass and attname = 'done'"),
        ).toEqual([]);
        expect(await site.sql("select version from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([]);
      },
    ));

  test.concurrent('a second runner says for whom it waits, and gives up after --lock-wait', () =>
    withBase({ [next]: 'create table public.tags (id int);\n' }, async (site) => {
      const told = await expectUntouched(site, 3, 'locked', () =>
        withClient(site.database, async (other) => {
          await other.query(`select set_config('application_name', 'the first runner', false), pg_advisory_lock(${lockKey})`);
          return site.migrate({ lockWaitMs: 500 });
        }),
      );
      expect(told).toMatch(/Waiting for another runner: session \d+ of the first runner, since /);
      expect(told).toMatch(/Error: .*session \d+ of the first runner/);
    }));

  test.concurrent('a second runner that waited finds nothing left to do', () =>
    withBase({ [next]: 'create table public.tags (id int);\n' }, async (site) => {
      const both = await Promise.all([site.migrate(), site.migrate()]);
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect(both.flatMap(({ value }) => value!.applied)).toHaveLength(1);
    }));
});

/** A reader in a transaction that stays open; it blocks ALTER TABLE. Ends it when called. */
async function holdNotes(site: Site): Promise<() => Promise<void>> {
  const client = await connect(site.database);
  await client.query("begin; select 'hunter2' from public.notes");
  return () => client.end();
}

async function migrateWhileHeld(site: Site) {
  const release = await holdNotes(site);
  try {
    return await site.migrate();
  } finally {
    await release();
  }
}

const policies = `alter table public.notes enable row level security;
create policy everyone on public.notes using (true);
alter table public.zebras enable row level security;
create policy everyone on public.zebras using (true);
`;

const waits = async (site: Site, table: string): Promise<boolean> =>
  (
    await site.sql(
      `select from pg_locks where not granted and relation = '${table}'::regclass and database = (select oid from pg_database where datname = current_database())`,
    )
  ).length > 0;

async function until(met: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await met()) return;
    await sleep(50);
  }
  throw new Error(otherwise);
}

const untilSomeoneWaits = (site: Site, table = 'public.notes') => until(() => waits(site, table), 'The run never waited for the lock.');

/** The run has given up once, and waits again. */
async function untilRetried(site: Site): Promise<void> {
  await until(async () => !(await waits(site, 'public.zebras')), 'The run never gave up.');
  await untilSomeoneWaits(site, 'public.zebras');
}
