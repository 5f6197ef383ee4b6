import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { connect, withClient } from '../../src/target/connection.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, sites, type Ended, type Site } from './site.ts';

const next = '20260102000000_v0_2_0_files.sql';

/** A policy and a trigger on the platform's tables. */
const files = `create function public.made() returns trigger language plpgsql as 'begin return new; end';
create policy "own files" on storage.objects for select using (owner = auth.uid());
create trigger made after insert on auth.users for each row execute function public.made();
`;

const lockTimeoutMs = 500;
const impatient = { 'supabase/supasnap.toml': `platform_lock_timeout = "${lockTimeoutMs}ms"\nlock_retries = 40\n` };
/** What a reader may wait beyond lock_timeout, and beyond what one waits in the same time that no lock can stop. */
const slackMs = 500;
const neverLocked = 'pg_am';

/**
 * What the hosted platform's supautils does: a statement on a policy, and DROP TRIGGER, by a role that is no superuser locks one table after the other.
 * Not on the shadow, which has no supautils.
 */
const supautils = `create function extensions.lock_far() returns event_trigger language plpgsql as $$ begin
  if current_database() not like '%\\_shadow' then
    lock table storage.buckets in access exclusive mode; lock table auth.sessions in access exclusive mode; lock table auth.users in access exclusive mode; lock table storage.objects in access exclusive mode;
  end if;
end $$;
create event trigger lock_far on ddl_command_start when tag in ('CREATE POLICY', 'ALTER POLICY', 'DROP POLICY', 'DROP TRIGGER') execute function extensions.lock_far();`;

/** Read by status, by the CLI and by Studio. */
const history = ['supabase_migrations.schema_migrations', 'supabase_migrations.supasnap_runs'];

const farTables = ['storage.buckets', 'auth.sessions', 'auth.users', 'storage.objects'];

describe.each(mostly(17))('locks far beyond the table, PostgreSQL %i', (major) => {
  const { withBase } = sites(major);
  const withPlatform = (settings: Record<string, string>, use: (site: Site) => Promise<void>) =>
    withBase({ [next]: files, ...settings }, async (site) => {
      await withClient({ ...site.server.superuser, database: site.database.database }, (client) => client.query(supautils));
      await use(site);
    });

  test('while sessions hold locks, migrate and rollback block no reader longer than lock_timeout, try again, and succeed once they are gone', () =>
    withPlatform(impatient, async (site) => {
      // Only supautils says that this one is locked.
      await withClient({ ...site.server.superuser, database: site.database.database }, (client) =>
        client.query(
          `alter database "${site.database.database}" set supautils.policy_grants = '{"postgres": ["storage.buckets", "auth.sessions"]}'`,
        ),
      );
      for (const [command, table] of [
        [() => site.migrate(), 'storage.objects'],
        [() => site.rollback({ steps: 1 }), 'auth.sessions'],
      ] as const) {
        const holder = await hold(site, table);
        const { ended, longest, reads } = await whileReading(site, async () => {
          const running = command();
          await untilRetried(site, 2);
          await holder();
          return running as Promise<Ended<unknown>>;
        });
        const { told } = expectCode(ended, 0);
        expect(told).toContain(`A lock was not given within ${lockTimeoutMs} ms; nothing was changed. Trying again (2 of 40)`);
        expect(told).toMatch(
          /Waiting for a lock held by session \d+ of supasnap as postgres, idle in transaction for \d+ s: begin; select '…' from (storage\.objects|auth\.sessions)/,
        );
        expect(reads).toBeGreaterThan(20);
        for (const [table, ms] of Object.entries(longest))
          expect(ms, `a reader of ${table} waited that long`).toBeLessThan(lockTimeoutMs + slackMs + longest[neverLocked]!);
      }
      expect(
        await site.sql(`select from pg_policy where polname = 'own files' union all select from pg_trigger where tgname = 'made'`),
      ).toEqual([]);
    }));

  test('where nobody holds a lock, readers wait for the last statements alone, not for the checks', () =>
    withPlatform(
      {
        'supabase/migrations/20260102000000_v0_2_0_files.sql': `alter table public.notes add column owner uuid;\nselect case when current_database() not like '%\\_shadow' then pg_sleep(3) end;\n${files}`,
      },
      async (site) => {
        const { ended, longest } = await whileReading(site, () => site.migrate());
        expectCode(ended, 0);
        expect(longest['public.notes']).toBeGreaterThan(3000);
        for (const table of [...farTables, ...history])
          expect(longest[table], `a reader of ${table} waited that long`).toBeLessThan(2000 + longest[neverLocked]!);
      },
    ));

  test('a lock that stays held ends migrate with exit code 1 and all as it was, and so a rollback', () =>
    withPlatform(
      { 'supabase/supasnap.toml': 'lock_timeout = "20s"\nplatform_lock_timeout = "300ms"\nlock_retries = 1\n' },
      async (site) => {
        const blocked = async (command: () => Promise<Ended<unknown>>) => {
          const holder = await hold(site, 'auth.sessions');
          const { ended, longest } = await whileReading(site, command);
          await holder();
          for (const ms of Object.values(longest)) expect(ms).toBeLessThan(300 + slackMs + longest[neverLocked]!);
          return ended;
        };
        const told = await expectUntouched(site, 1, 'lock_timeout', () => blocked(() => site.migrate()));
        expect(told).toContain('2 tries of 300 ms each got none');
        expect(told).toContain('platform_lock_timeout');
        expectCode(await site.migrate(), 0);
        expect(await expectUntouched(site, 1, 'lock_timeout', () => blocked(() => site.rollback({ steps: 1 })))).toContain(
          '2 tries of 300 ms each got none',
        );
      },
    ));
});

/** A reader in a transaction that stays open; it blocks what would lock the table against readers. Ends it when called. */
async function hold(site: Site, table: string): Promise<() => Promise<void>> {
  const client = await connect(site.database);
  await client.query(`begin; select 'hunter2' from ${table}`);
  return () => client.end();
}

/** Reads each table over and over while the command runs; tells the longest time that one read of each took. */
async function whileReading(
  site: Site,
  command: () => Promise<Ended<unknown>>,
): Promise<{ ended: Ended<unknown>; longest: Record<string, number>; reads: number }> {
  const longest: Record<string, number> = {};
  let reads = 0;
  let over = false;
  const reading = [...farTables, ...history, 'public.notes', neverLocked].map((table) =>
    withClient(site.database, async (client) => {
      for (longest[table] = 0; !over; reads++) {
        const started = performance.now();
        await client.query(`select count(*) from ${table}`);
        longest[table] = Math.max(longest[table]!, performance.now() - started);
        await sleep(5);
      }
    }),
  );
  try {
    return {
      ended: await command(),
      longest,
      get reads() {
        return reads;
      },
    };
  } finally {
    over = true;
    await Promise.all(reading);
  }
}

/** That many waits for a lock have come and gone. */
async function untilRetried(site: Site, times: number): Promise<void> {
  const waits = async () =>
    (
      await site.sql(
        `select from pg_locks where not granted and locktype = 'relation' and mode = 'AccessExclusiveLock' and database = (select oid from pg_database where datname = current_database())`,
      )
    ).length > 0;
  for (let done = 0, before = false, tries = 0; done < times; tries++) {
    if (tries > 3000) throw new Error('The run never gave up.');
    const now = await waits();
    if (before && !now) done++;
    before = now;
    await sleep(20);
  }
}
