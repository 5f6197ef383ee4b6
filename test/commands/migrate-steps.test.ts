import { describe, expect, test } from 'vitest';
import { knowingWhatCameOfIt } from '../../src/commands/certainty.ts';
import { listKept } from '../../src/commands/kept-list.ts';
import { status } from '../../src/commands/status.ts';
import { connect } from '../../src/target/connection.ts';
import { withTarget } from '../../src/target/session.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const version = '20260102000000';
const failing = { 'supabase/tests/v0.2.0_smoke_test.sql': "do $$ begin raise exception 'not good'; end $$;\n" };
const impatient = { 'supabase/supasnap.toml': 'lock_timeout = "200ms"\nlock_retries = 1\n' };

const notes = (site: Site) => site.sql('select id, body, due::text from public.notes order by id');
const runs = (site: Site) =>
  site.sql(`select kind, status from supabase_migrations.supasnap_runs where version = '${version}' or kind = 'rollback' order by id`);

/** Runs `use` while another session holds a snapshot, so that nothing concurrent on any table comes to its end. */
async function withOldSnapshot<T>(site: Site, use: () => Promise<T>): Promise<T> {
  const holder = await connect(site.database);
  try {
    await holder.query('begin isolation level repeatable read; select from public.notes');
    return await use();
  } finally {
    await holder.end();
  }
}

describe.each(mostly(17))('a file in steps, on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('transaction=off: rows that its statements change, drop and delete come back', () =>
    withBase(
      {
        [next]:
          "-- supasnap: transaction=off\nupdate public.notes set body = 'gone';\nalter table public.notes drop column due;\ndelete from public.notes where id = 1;\n",
      },
      async (site) => {
        const before = await notes(site);
        expectCode(await site.migrate(), 0);
        expect(await site.sql('select * from public.notes')).toEqual([{ id: 2, body: 'gone' }]);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await notes(site)).toEqual(before);
      },
    ));

  test.concurrent('code that commits by itself is refused, for its rows could not be kept; --keep-data never lets them go, and says so', () =>
    withBase({ [next]: "do $$ begin update public.notes set body = 'gone'; commit; end $$;\n" }, async (site) => {
      const told = await expectUntouched(site, 3, 'cannot_keep', () => site.migrate());
      expect(told).toContain('Error: Line 1');
      expect(told).toContain('--keep-data never');
      expectCode(await site.migrate({ keepData: 'never' }), 0);
      expect((await notes(site)).map(({ body }) => body)).toEqual(['gone', 'gone']);
      expect(expectCode(await site.rollback({ steps: 1 }), 0).told).toContain('was applied with --keep-data never');
    }));

  test.concurrent('when its smoke test fails nothing is undone by itself: a rollback keeps what users wrote between the steps', () =>
    withBase(
      {
        [next]:
          'create table public.audit (id int primary key, what text);\ncreate index concurrently notes_body on public.notes (body);\n',
        ...failing,
      },
      async (site) => {
        const { told } = expectCode(
          await withOldSnapshot(site, async () => {
            const running = site.migrate();
            for (let there = false; !there; )
              there = (await site.sql<{ there: boolean }>("select to_regclass('public.audit') is not null as there"))[0]!.there;
            await site.sql("insert into public.audit values (1, 'by a user')");
            return { running };
          }).then(({ running }) => running),
          4,
          'test_failed',
        );
        expect(told).toMatch(/Error: .*v0\.2\.0/);
        expect(told).toContain('All 2 steps are done');
        expect(await site.sql('select * from public.audit')).toEqual([{ id: 1, what: 'by a user' }]);
        expect((await site.run(status)).value).toMatchObject({ unfinished: [{ halfWay: true }] });
        expectCode(await site.rollback({ to: `v0.2.0_${version}` }), 0);
        const { copies } = (await site.run((context) => listKept(context))).value!;
        expect(copies.at(-1)).toMatchObject({ table: { schema: 'public', name: 'audit' }, rows: 1, what: 'dropped table' });
      },
    ));

  test.concurrent('a table that someone else made meanwhile undoes nothing, and names the ways on', () =>
    withBase(
      {
        [next]:
          '-- supasnap: lock_timeout=200ms\ncreate table public.orders (id int primary key);\ncreate index concurrently notes_body on public.notes (body);\n',
      },
      async (site) => {
        expectCode(await withOldSnapshot(site, () => site.migrate()), 4, 'unfinished_run');
        await site.sql('insert into public.orders select generate_series(1, 1000); create table public.unrelated (id int)');
        const { told } = expectCode(await site.migrate({ resume: true }), 4, 'unexpected_result');
        expect(told).toContain('added: table public.unrelated');
        expect(told).toContain(`npx supasnap repair --applied ${version}`);
        expect(await site.sql('select count(*)::int as orders from public.orders')).toEqual([{ orders: 1000 }]);
        await site.sql('drop table public.unrelated');
        expectCode(await site.migrate({ resume: true }), 0);
        expect(await runs(site)).toEqual([{ kind: 'migrate', status: 'done' }]);
      },
    ));

  test.concurrent('what a step sets for the session, the role too, holds for the next ones', () =>
    withBase(
      {
        [next]:
          'set search_path = tenant, public;\nset role anon;\ncreate table tenant.made as select 1;\nreset role;\ncreate index concurrently notes_body on tenant.notes (body);\nset role anon;\nvacuum tenant.made;\nupdate notes set body = current_user;\n',
      },
      async (site) => {
        await site.sql(
          "create schema tenant; grant all on schema tenant to anon; create table tenant.notes (id int primary key, body text); grant all on tenant.notes to anon; insert into tenant.notes values (7, 'theirs')",
        );
        expectCode(await site.migrate(), 0);
        expect(await site.sql('select body from tenant.notes')).toEqual([{ body: 'anon' }]);
        expect((await notes(site)).map(({ body }) => body)).toEqual(['first', 'second']);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql('select body from tenant.notes')).toEqual([{ body: 'theirs' }]);
      },
    ));

  test.concurrent('--resume sets again what earlier steps set for the session', () =>
    withBase(
      {
        [next]:
          "set search_path = tenant, public;\ncreate index concurrently notes_body on tenant.notes (body);\nupdate notes set body = 'changed';\n",
        ...impatient,
      },
      async (site) => {
        await site.sql(
          "create schema tenant; create table tenant.notes (id int primary key, body text); insert into tenant.notes values (7, 'theirs')",
        );
        expectCode(await withOldSnapshot(site, () => site.migrate()), 4, 'unfinished_run');
        expectCode(await site.migrate({ resume: true }), 0);
        expect(await site.sql('select body from tenant.notes')).toEqual([{ body: 'changed' }]);
        expect((await notes(site)).map(({ body }) => body)).toEqual(['first', 'second']);
      },
    ));

  test.concurrent('--resume is refused where an earlier step made a temporary table', () =>
    withBase(
      {
        [next]:
          'create temp table seen as select id from public.notes;\ncreate index concurrently notes_body on public.notes (body);\ndelete from public.notes where id in (select id from seen);\n',
        ...impatient,
      },
      async (site) => {
        expectCode(await withOldSnapshot(site, () => site.migrate()), 4, 'unfinished_run');
        expect(await expectUntouched(site, 3, 'cannot_resume', () => site.migrate({ resume: true }))).toMatch(/Error: .*line 1/);
      },
    ));

  test.concurrent('an incomplete index that can not be removed within lock_timeout is named, and --resume can be run again', () =>
    withBase(
      { [next]: 'create table public.tags (id int);\ncreate index concurrently notes_body on public.notes (body);\n', ...impatient },
      async (site) => {
        await withOldSnapshot(site, async () => {
          expectCode(await site.migrate(), 4, 'unfinished_run');
          expect(expectCode(await site.migrate({ resume: true }), 1, 'sql_failed').told).toMatch(/drop index .*notes_body/);
        });
        expectCode(await site.migrate({ resume: true }), 0);
        expect(await site.sql("select indisvalid as valid from pg_index where indexrelid = 'public.notes_body'::regclass")).toEqual([
          { valid: true },
        ]);
      },
    ));

  test.concurrent('a rollback by hand that can not run in a transaction is not proven', () =>
    withBase(
      {
        [next]: 'alter table public.notes drop column due;\n',
        [`supabase/rollback/${version}_rollback.sql`]:
          'drop index concurrently if exists public.nothing;\nalter table public.notes add column due date;\n',
      },
      async (site) => {
        expect(await expectUntouched(site, 3, 'not_proven', () => site.migrate())).toContain("can't run in a transaction");
      },
    ));

  test.concurrent('a resumed run that loses its connection is judged by its own row, whatever ran after it', () =>
    withBase(
      { [next]: 'create table public.tags (id int);\ncreate unique index concurrently notes_same on public.notes ((1));\n' },
      async (site) => {
        expectCode(await site.migrate(), 4, 'unfinished_run');
        const [own] = await site.sql<{ id: string }>(`select id from supabase_migrations.supasnap_runs where version = '${version}'`);
        await site.sql(
          "insert into supabase_migrations.supasnap_runs (kind, status, environment, tool_version, duration_ms, started_at, applied_at) values ('rollback', 'done', 'test', '0', 1, now(), now())",
        );
        const { told } = expectCode(
          await site.run((context) =>
            withTarget(context, (session) =>
              knowingWhatCameOfIt(session, 'the file', () => session.client.query('select pg_terminate_backend(pg_backend_pid())'), {
                resumed: own!.id,
              }),
            ),
          ),
          4,
          'unfinished_run',
        );
        expect(told).toContain('was at work outside a transaction');
        expect(told).not.toContain('Nothing has to be mended');
      },
    ));
});
