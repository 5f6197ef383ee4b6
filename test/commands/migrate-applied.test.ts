import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { lockKey } from '../../src/history/schema.ts';
import { connect, withClient } from '../../src/target/connection.ts';
import { majors } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const noWait = { 'supabase/supasnap.toml': 'lock_timeout = "200ms"\nlock_retries = 1\n' };

describe.each(majors)('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major);

  test.concurrent('CREATE INDEX CONCURRENTLY runs outside a transaction, is recorded, and is rolled back', () =>
    withBase({ [next]: 'create table public.tags (id int);\ncreate index concurrently notes_body on public.notes (body);\n' }, async (site) => {
      const before = await site.state();
      const { told } = expectCode(await site.migrate(), 0);
      expect(told).toContain('outside a transaction');
      expect(await site.sql("select name, array_length(statements, 1) as statements from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([{ name: 'v0_2_0_next', statements: 2 }]);
      expect(await site.sql("select indisvalid as valid from pg_index where indexrelid = 'public.notes_body'::regclass")).toEqual([{ valid: true }]);
      expect(await site.sql("select status, progress from supabase_migrations.supasnap_runs where version = '20260102000000'")).toEqual([{ status: 'done', progress: { done: 2, of: 2 } }]);
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect((await site.state()).dump).toBe(before.dump);
    }));

  test.concurrent('when a statement outside a transaction fails, what was done is told and can be rolled back', () =>
    withBase({ [next]: 'create table public.tags (id int);\ncreate unique index concurrently notes_same on public.notes ((1));\n' }, async (site) => {
      const before = await site.state();
      const { told } = expectCode(await site.migrate(), 4);
      expect(told).toContain('could not create unique index');
      expect(told).toContain('The first 1 of 2 steps are done');
      expect(await site.sql("select version from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([]);
      expectCode(await site.rollback({ to: 'v0.2.0_20260102000000', shadow: undefined }), 0);
      expect((await site.state()).dump).toBe(before.dump);
    }));

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
      expect(await site.sql("select statements from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([{ statements: ['BEGIN', 'create table public.tags (id int)', 'COMMIT'] }]);
    }));

  test.concurrent('a lock that is held by someone else is tried again, and got when it is free', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;\n', 'supabase/supasnap.toml': 'lock_timeout = "200ms"\nlock_retries = 20\n' }, async (site) => {
      const release = await holdNotes(site);
      const running = site.migrate();
      await untilSomeoneWaits(site);
      await release();
      const { told } = expectCode(await running, 0);
      expect(told).toContain('Applied in');
      expect(await site.sql("select attname::text from pg_attribute where attrelid = 'public.notes'::regclass and attname = 'done'")).toHaveLength(1);
    }));

  test.concurrent('a lock that stays held ends the run with nothing changed', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;\n', ...noWait }, async (site) => {
      const told = await expectUntouched(site, 1, async () => {
        const release = await holdNotes(site);
        try {
          return await site.migrate();
        } finally {
          await release();
        }
      });
      expect(told).toContain('Trying again (1 of 1)');
      expect(told).toContain('Other sessions hold locks that this change needs');
    }));

  test.concurrent('a change by someone else between rehearsal and apply is noticed', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;\n', 'supabase/supasnap.toml': 'lock_timeout = "300ms"\nlock_retries = 20\n' }, async (site) => {
      const release = await holdNotes(site);
      const running = site.migrate();
      await untilSomeoneWaits(site);
      await site.sql('create table public.meanwhile (id int)');
      await release();
      const { told } = expectCode(await running, 3);
      expect(told).toContain('changed by someone else between the rehearsal and now');
      expect(await site.sql("select attname::text from pg_attribute where attrelid = 'public.notes'::regclass and attname = 'done'")).toEqual([]);
      expect(await site.sql("select version from supabase_migrations.schema_migrations where version = '20260102000000'")).toEqual([]);
    }));

  test.concurrent('a second runner says for whom it waits, and gives up after --lock-wait', () =>
    withBase({ [next]: 'create table public.tags (id int);\n' }, async (site) => {
      const told = await expectUntouched(site, 3, () =>
        withClient(site.database, async (other) => {
          await other.query(`select set_config('application_name', 'the first runner', false), pg_advisory_lock(${lockKey})`);
          return site.migrate({ lockWaitMs: 500 });
        }),
      );
      expect(told).toMatch(/Waiting for another runner: session \d+ of the first runner, since /);
      expect(told).toMatch(/Another runner is at work on this database: session \d+ of the first runner/);
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
  await client.query('begin; select from public.notes');
  return () => client.end();
}

async function untilSomeoneWaits(site: Site): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const waiting = await site.sql("select from pg_locks where not granted and relation = 'public.notes'::regclass and database = (select oid from pg_database where datname = current_database())");
    if (waiting.length > 0) return;
    await sleep(50);
  }
  throw new Error('The run never waited for the lock.');
}
