import { afterAll, beforeAll, describe, test } from 'vitest';
import { migrate } from '../../src/commands/migrate.ts';
import type { MigrateOptions } from '../../src/commands/migrate-options.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { pruneKept } from '../../src/commands/kept-prune.ts';
import { releaseKept } from '../../src/commands/kept-release.ts';
import { listKept } from '../../src/commands/kept-list.ts';
import { rollback, snapshots, type RollbackOptions } from '../../src/commands/rollback.ts';
import { status } from '../../src/commands/status.ts';
import { test as smokeTest } from '../../src/commands/test.ts';
import type { Context } from '../../src/context.ts';
import { embeddedShadow } from '../../src/shadow/embedded.ts';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { findNative } from '../../src/snapshot/pg-dump/native.ts';
import { connect, withClient } from '../../src/target/connection.ts';
import { withScratchDatabase } from '../../src/shadow/scratch.ts';
import { captureState } from '../../src/snapshot/state.ts';
import { withTarget } from '../../src/target/session.ts';
import { readPooling } from '../../src/target/pooler.ts';
import { base, expectCode, sites, type Site } from '../commands/site.ts';
import { majors, testServer } from '../postgres/database.ts';
import { pgbouncer, startPgBouncer, type PgBouncer } from './pgbouncer.ts';

const next = '20260102000000_v0_2_0_next.sql';
const nextSql = `alter table public.notes drop column due;\nupdate public.notes set body = upper(body);\n`;
const smoke = {
  'supabase/tests/v0.1.0_smoke_test.sql': `select pg_advisory_lock(77);\nselect case when count(*) = 2 then 'ok 1 - two notes' else 'not ok 1 - two notes' end from public.notes;\nselect '1..1';\n`,
};

if (!pgbouncer) console.warn('No PgBouncer is installed (Debian: apt-get install pgbouncer): its tests are skipped.');

describe.skipIf(!pgbouncer)('through a real PgBouncer', () => {
  const { withBase } = sites(17, { bare: true });
  let poolers: Record<'session' | 'transaction' | 'robin', PgBouncer>;

  const through = (site: Site, pooler: PgBouncer) => {
    const { user, password, database } = site.database;
    const shadow: MigrateOptions['shadow'] = async (state, use) => use(await embeddedShadow(site.server, state, `${database}_shadow`));
    const run = <T>(command: (context: Context) => Promise<T>) =>
      site.run((context) =>
        command({ ...context, target: { remote: `postgresql://${user}:${password}@127.0.0.1:${pooler.port}/${database}` } }),
      );
    return {
      run,
      migrate: (options: MigrateOptions = {}) => run((context) => migrate(context, { shadow, ...options })),
      rollback: (options: RollbackOptions) => run((context) => rollback(context, { shadow, ...options })),
    };
  };

  beforeAll(() =>
    withBase({}, async ({ database }) => {
      const [session, transaction, robin] = await Promise.all([
        startPgBouncer(database, 'session'),
        startPgBouncer(database, 'transaction'),
        startPgBouncer(database, 'transaction', ['server_round_robin = 1']),
      ]);
      poolers = { session, transaction, robin };
    }),
  );
  afterAll(async () => {
    for (const pooler of Object.values(poolers ?? {})) await pooler.stop();
  });

  test.concurrent('in session mode a migration is applied and rolled back, rows included', ({ expect }) =>
    withBase({ [next]: nextSql, ...smoke }, async (site) => {
      const before = await site.state();
      const pooled = through(site, poolers.session);
      expectCode(await pooled.migrate({ pgDump: 'bundled' }), 0);
      expect(await site.sql('select id, body from public.notes order by 1')).toEqual([
        { id: 1, body: 'FIRST' },
        { id: 2, body: 'SECOND' },
      ]);
      expect(expectCode(await pooled.run(status), 0).value).toMatchObject({ pending: [], drift: { differences: [] }, inOrder: true });
      expect(expectCode(await pooled.run((context) => smokeTest(context, { version: 'v0.1.0' })), 0).value).toMatchObject([{ ok: true }]);
      expectCode(await pooled.rollback({ steps: 1 }), 0);
      const after = await site.state();
      expect(after.rows['public.notes']).toEqual(before.rows['public.notes']);
      expect(expectCode(await pooled.run(status), 0).value).toMatchObject({
        pending: [{ version: '20260102000000' }],
        drift: { differences: [] },
      });
    }));

  test.concurrent('in session mode two runners still exclude each other, and one that comes directly', ({ expect }) =>
    withBase({ [next]: 'create table public.tags (id int);' }, async (site) => {
      const { user, password, database } = site.database;
      const holder = await connect({ host: '127.0.0.1', port: poolers.session.port, user, password, database });
      try {
        await holder.query('select pg_advisory_lock(5201026211500)');
        for (const run of [() => through(site, poolers.session).migrate({ lockWaitMs: 50 }), () => site.migrate({ lockWaitMs: 50 })]) {
          expect(expectCode(await run(), 3, 'locked').told).toMatch(/session \d+/);
        }
      } finally {
        await holder.end();
      }
      const both = await Promise.all([through(site, poolers.session).migrate(), through(site, poolers.session).migrate()]);
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect(both.flatMap(({ value }) => value!.applied.map(({ version }) => version))).toEqual(['20260102000000']);
    }));

  test.concurrent.for(['transaction', 'robin'] as const)(
    'in transaction mode (%s) everything that changes is refused before anything happens, with the address to use',
    (mode, { expect }) =>
      withBase({ [next]: nextSql, ...smoke }, async (site) => {
        const pooled = through(site, poolers[mode]);
        const files = () => ['snapshots', 'rollback', 'docs'].flatMap((folder) => site.project.list(`supabase/${folder}`));
        const there = files();
        const refusals = [
          () => pooled.migrate(),
          () => pooled.migrate({ dryRun: true }),
          () => pooled.rollback({ steps: 1 }),
          () => pooled.run((context) => pruneKept(context, { olderThan: '0h' })),
          () => pooled.run(releaseKept),
        ];
        const before = await site.state();
        for (const refusal of mode === 'robin' ? refusals.slice(0, 1) : refusals) {
          const { told } = expectCode<unknown>(await refusal(), 3, 'not_writable');
          expect(told).toContain(`127.0.0.1:${poolers[mode].port}`);
          expect(told).toContain(`postgresql://postgres:<password>@127.0.0.1:${site.server.port}/${site.database.database}`);
          expect(told).not.toContain('Rehearsing');
        }
        expect(await site.state()).toEqual(before);
        expect(files()).toEqual(there);
      }),
  );

  test.concurrent('in transaction mode status, test, the lists and doctor work, and leave nothing behind in the session of others', ({
    expect,
  }) =>
    withBase({ [next]: nextSql, ...smoke }, async (site) => {
      const pooled = through(site, poolers.transaction);
      const before = await site.state();
      const seen = expectCode(await pooled.run(status), 0);
      expect(seen.told).toContain('pooler in transaction mode');
      expect(seen.value).toMatchObject({
        applied: [{ version: base.slice(0, 14) }],
        pending: [{ version: '20260102000000' }],
        drift: { differences: [] },
      });
      expect(expectCode(await pooled.run((context) => smokeTest(context)), 0).value).toMatchObject([{ version: 'v0.1.0', ok: true }]);
      expect(expectCode(await pooled.run(snapshots), 0).value).toHaveLength(2);
      expect(expectCode(await pooled.run(listKept), 0).value).toMatchObject({ copies: [{ id: 1 }] });
      expect(JSON.stringify(expectCode(await pooled.run(doctor), 0).value)).toContain('nothing is changed through it');
      expect(await site.state()).toEqual(before);
      expect(
        await site.sql(
          "select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
        ),
      ).toEqual([]);

      await site.sql('alter table public.notes add column by_hand int');
      expect(expectCode(await pooled.run(status), 0).value).toMatchObject({
        drift: { by: 'facts', differences: ['added: column public.notes.by_hand'] },
      });
    }));

  test.concurrent('a scratch database is reached through a pooler that leads there, else another shadow is taken; --shadow needs a session', ({
    expect,
  }) =>
    withBase({ [next]: nextSql }, async (site) => {
      const { database } = site.database;
      const only = await startPgBouncer(site.database, 'session', [], database);
      try {
        const rehearse = (pooler: PgBouncer) =>
          through(site, pooler).run((context) =>
            withTarget(context, async (session) => {
              const state = await captureState(session.client, session.target.settings, {
                pgDump: 'bundled',
                serverVersionNum: session.server.versionNum,
                lockWaitMs: 5_000,
              });
              return withScratchDatabase(session.target.settings, state, async () => {});
            }),
          );
        // It is reached; that this role can't make the platform's own schemas there has nothing to do with poolers.
        expect((await rehearse(poolers.session)).told).toContain("the dump can't be loaded: must be able to SET ROLE");
        expect((await rehearse(only)).told).toContain("a scratch database can't be connected to: no such database");
        expect(await site.sql("select datname from pg_database where datname like 'supasnap_scratch%'")).toEqual([]);

        const told = expectCode(
          await site.migrate({ shadow: { ...site.database, port: poolers.transaction.port } }),
          3,
          'not_writable',
        ).told;
        expect(told).toContain('In --shadow use');
      } finally {
        await only.stop();
      }
    }));

  test.concurrent('a session that its last client left in disorder is put in order first', ({ expect }) =>
    withBase({ [next]: 'create table tags (id int);' }, async (site) => {
      const careless = await startPgBouncer(site.database, 'session', ['server_reset_query =']);
      try {
        const left = (sql: string) => withClient({ ...site.database, port: careless.port }, (client) => client.query(sql));
        await left("set search_path = ''; set default_transaction_read_only = off; set lock_timeout = '7s'; prepare one as select 1");
        expect((await left('show lock_timeout')).rows).toEqual([{ lock_timeout: '7s' }]);
        const found = await through(site, careless).run((context) =>
          withTarget(
            context,
            async ({ client }) =>
              (await client.query("select current_setting('search_path') as path, current_setting('lock_timeout') as wait")).rows[0],
          ),
        );
        expect(found.value).toEqual({ path: '"$user", public, extensions', wait: '0' });
        expectCode(await through(site, careless).migrate(), 0);
        expect(await site.sql("select to_regclass('public.tags')::text as made")).toEqual([{ made: 'tags' }]);
        expect(
          await site.sql(
            "select from pg_stat_activity where datname = current_database() and application_name = 'supasnap' and state like 'idle in%'",
          ),
        ).toEqual([]);
      } finally {
        await careless.stop();
      }
    }));

  test.concurrent('a pool of one connection is told from a session, and is too small for a change', ({ expect }) =>
    withBase({ [next]: nextSql }, async (site) => {
      const small = await startPgBouncer(site.database, 'session', ['default_pool_size = 1']);
      try {
        expect(expectCode(await through(site, small).migrate(), 3, 'server_busy').told).toContain('within 5 s');
      } finally {
        await small.stop();
      }
    }));

  test.concurrent('in session mode an installed pg_dump says the same as the one that comes along', async ({ expect, skip }) => {
    const [native] = await findNative();
    const server = native && majors.map(testServer).find(({ major }) => major <= native.major);
    if (!server) return skip('no pg_dump is installed that is new enough');
    const pooler = await startPgBouncer(server.postgres, 'session');
    try {
      const dump = (choice: 'native' | 'bundled') =>
        dumpSchema({ ...server.postgres, port: pooler.port }, { choice, serverVersion: server.major * 10_000 });
      const [one, other] = [await dump('native'), await dump('bundled')];
      expect([one.tool, other.tool]).toEqual([expect.stringContaining('native'), expect.stringContaining('bundled')]);
      expect(one.sql).toBe(other.sql);
    } finally {
      await pooler.stop();
    }
  });

  test.concurrent('a direct connection is told from both', ({ expect }) =>
    withBase({}, async ({ database }) => {
      const inUse = await Promise.all([1, 2, 3].map(() => connect({ ...database, port: poolers.robin.port })));
      // All three are open at once, so each has a server connection of its own.
      for (const client of inUse) await client.query('begin; select 1');
      for (const client of inUse) await client.query('commit');
      const pids = await Promise.all(inUse.map(async (client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid));
      expect(new Set(pids).size).toBe(3);
      await Promise.all(inUse.map((client) => client.end()));
      const told = (port: number) => withClient({ ...database, port }, (client) => readPooling(client, { ...database, port }));
      expect(await Promise.all([database.port, poolers.session.port, poolers.transaction.port, poolers.robin.port].map(told))).toEqual([
        'direct',
        'session',
        'transaction',
        'transaction',
      ]);
    }));
});
