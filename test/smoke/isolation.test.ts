import { describe, expect, test } from 'vitest';
import { parseSmokeTest } from '../../src/smoke/parse-test.ts';
import { runSmokeTestInTransaction } from '../../src/smoke/run-test.ts';
import { majors } from '../postgres/database.ts';
import { file, run, runWithin, firstValue, withFreshClient } from './run.ts';

const leaking = `
  set role anon;
  reset role;
  create table public.made_by_test ();
  create temp table held (n int);
  set search_path = pg_catalog;
  set work_mem = '7MB';
  select set_config('request.jwt.claims', '{"sub":"x"}', false);
  set local role authenticated;
  prepare find as select 1;
  declare kept cursor with hold for select 1;`;

describe.each(majors)('PostgreSQL %i', (major) => {
  test.each(['inside the transaction of a migration', 'in a transaction of its own'])(
    'nothing that a test sets is left behind, %s',
    async (where) => {
      await withFreshClient(major, async (client) => {
        const state = () =>
          client.query(`select current_user, session_user, current_setting('search_path') as path, current_setting('work_mem') as memory,
          nullif(current_setting('request.jwt.claims', true), '') as claims, current_setting('statement_timeout') as timeout,
          to_regclass('public.made_by_test') as made, to_regclass('pg_temp.held') as held,
          (select count(*)::int from pg_prepared_statements where from_sql) as prepared, (select count(*)::int from pg_cursors) as cursors`);
        const within = where.startsWith('inside');
        if (within) await client.query(`begin; set local search_path = public, extensions; set local statement_timeout = '90s'`);
        const before = (await state()).rows;
        for (const sql of [leaking, leaking, `${leaking} select 1/0;`]) {
          const result = within ? await runWithin(client, sql) : await run(client, sql);
          expect(result.problem?.sqlState).toBe(sql === leaking ? undefined : '22012');
          expect((await state()).rows).toEqual(before);
        }
        if (within) await client.query('rollback');
      });
    },
  );

  test("the caller's uncommitted work stays, and can be committed", async () => {
    await withFreshClient(major, async (client) => {
      await client.query('begin; create table public.minds (id int); insert into public.minds values (1); create temp table mine ()');
      const passed = await runWithin(
        client,
        "begin; insert into public.minds values (2); select '1..1'; select 'ok 1 - ' || count(*) from public.minds; rollback;",
      );
      expect(passed.checks).toEqual([{ ok: true, name: '2' }]);
      const failed = await runWithin(client, 'drop table public.minds; select 1/0;');
      expect(failed.ok).toBe(false);
      expect(await firstValue(client, "select to_regclass('pg_temp.mine') is not null")).toBe(true);
      await client.query('commit');
      expect(await firstValue(client, 'select array_agg(id) from public.minds')).toEqual([1]);
    });
  });

  test('a test begins as on a new connection, though a pg_dump file emptied the search_path before', async () => {
    await withFreshClient(major, async (client) => {
      await client.query("begin; create table public.minds (); set row_security = off; select set_config('search_path', '', false)");
      const result = await runWithin(
        client,
        "select '1..1'; select 'ok 1 - ' || count(*) || ' ' || current_setting('row_security') from minds;",
      );
      expect(result.checks).toEqual([{ ok: true, name: '0 on' }]);
      expect(await firstValue(client, "select current_setting('search_path')")).toBe('');
      await client.query('rollback');
    });
  });

  test('deferred violations of the migration are shown first, and its constraints go on waiting', async () => {
    await withFreshClient(major, async (client) => {
      await client.query(`create table public.a (id int primary key); create table public.b (a int references public.a deferrable initially deferred);
        begin; insert into public.b values (7)`);
      const result = await runWithin(client, 'create table public.never (); select 1;');
      expect(result.ok).toBe(false);
      expect(result.checks).toEqual([
        {
          ok: false,
          name: 'the deferred constraints of what is tested hold',
          detail: expect.stringContaining('Key (a)=(7) is not present'),
        },
      ]);
      expect(result.problem?.state).toBe('The test was not run.');
      await client.query('insert into public.a values (7)');
      expect((await runWithin(client, 'select 1;')).ok).toBe(true);
      await client.query('insert into public.b values (8); insert into public.a values (8); commit');
      expect(await firstValue(client, 'select count(*)::int from public.b')).toBe(2);
    });
  });

  test('a procedure that commits, or a block that says COMMIT, cannot end the transaction', async () => {
    await withFreshClient(major, async (client) => {
      await client.query(`create procedure public.ends() language plpgsql as $$ begin commit; end $$;
        create procedure public.executes() language plpgsql as $$ begin execute 'COMMIT'; end $$;
        begin; create table public.minds ()`);
      for (const sql of [
        'call public.ends();',
        'call public.executes();',
        'do $$ begin rollback; end $$;',
        "do $$ begin execute 'rollback'; end $$;",
      ]) {
        const result = await runWithin(client, sql);
        expect(result.ok).toBe(false);
        expect(result.problem).toMatchObject({ exitCode: 1, code: 'sql_failed', sqlState: expect.stringMatching(/2D000|0A000/) });
      }
      expect(await firstValue(client, "select to_regclass('public.minds') is not null")).toBe(true);
      await client.query('rollback');
    });
  });

  test('a transaction that ended all the same is noticed', async () => {
    await withFreshClient(major, async (client) => {
      for (const ending of ['ROLLBACK', 'COMMIT', 'ROLLBACK; BEGIN']) {
        const parsed = await parseSmokeTest(file, 'select 1;');
        const text = `${ending}; select 1`;
        const statements = parsed.statements.map((statement) => ({ ...statement, start: 0, end: text.length }));
        await client.query('begin');
        const result = await runSmokeTestInTransaction(client, { ...parsed, text, statements });
        expect(result.ok).toBe(false);
        expect(result.checks.at(-1)?.detail).toBe('the test ended it');
        expect(result.problem).toMatchObject({ exitCode: 4, code: 'transaction_control' });
        await client.query('rollback');
      }
    });
  });

  test('a client without a sound transaction is no place for a test', async () => {
    await withFreshClient(major, async (client) => {
      await expect(runWithin(client, 'select 1;')).rejects.toThrow(/transaction block/);
      await client.query('begin');
      await expect(client.query('select 1/0')).rejects.toThrow();
      await expect(runWithin(client, 'select 1;')).rejects.toThrow(/aborted/);
      await client.query('rollback');
    });
  });

  test('a connection that is lost is thrown, not called a failed test', async () => {
    await withFreshClient(major, async (client) => {
      await expect(run(client, 'select pg_terminate_backend(pg_backend_pid());')).rejects.toThrow(/terminat/i);
    });
  });
});
