import { describe, expect, test } from 'vitest';
import { majors } from '../postgres/database.ts';
import { run, firstValue, withFreshClient } from './run.ts';

/** What pgTAP's functions give back, in the same form: `ok` a cell of several lines, `finish` rows of its own. */
const likePgtap = `
  CREATE TEMP TABLE results (id serial, passed boolean);
  CREATE TEMP TABLE planned (n int);
  CREATE FUNCTION pg_temp.plan(n int) RETURNS text LANGUAGE sql AS $$ INSERT INTO planned VALUES (n) RETURNING '1..' || n $$;
  CREATE FUNCTION pg_temp.ok(passed boolean, name text) RETURNS text LANGUAGE sql AS $$
    INSERT INTO results (passed) VALUES (passed) RETURNING CASE WHEN passed THEN '' ELSE 'not ' END || 'ok ' || id || ' - ' || name
      || CASE WHEN passed THEN '' ELSE E'\\n# Failed test ' || id || ': "' || name || E'"\\n#         have: f\\n#         want: t' END $$;
  CREATE FUNCTION pg_temp.finish() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT '# Looks like you failed ' || count(*) || ' tests' FROM results WHERE NOT passed HAVING count(*) > 0 $$;`;

describe.each(majors)('PostgreSQL %i', (major) => {
  test('a template of the CLI, BEGIN … ROLLBACK with pgTAP, gives its checks', async () => {
    await withFreshClient(major, async (client) => {
      const sql = (third: string) => `begin;\n${likePgtap}\nselect pg_temp.plan(3);\nselect pg_temp.ok(true, 'one');
        select pg_temp.ok(n > 0, 'n is ' || n) from generate_series(1, 1) n;
        select pg_temp.ok(${third}, 'three');\nselect * from pg_temp.finish();\nrollback;`;
      const good = await run(client, sql('true'));
      expect(good).toMatchObject({
        ok: true,
        version: 'v0.7.0',
        checks: [{ name: 'one' }, { name: 'n is 1' }, { name: 'three' }],
      });
      const bad = await run(client, sql('false'));
      expect(bad.ok).toBe(false);
      expect(bad.checks.at(-1)).toEqual({ ok: false, name: 'three', detail: '        have: f\n        want: t' });
      expect(bad.problem).toBeUndefined();
    });
  });

  test('plain SQL passes when nothing is raised, and a failed ASSERT fails it on its line', async () => {
    await withFreshClient(major, async (client) => {
      const passed = await run(client, 'do $$ begin assert 1 = 1; end $$;');
      expect(passed.ok).toBe(true);
      expect(passed.checks).toEqual([{ ok: true, name: 'v0.7.0_smoke_test.sql ran without error' }]);
      expect(passed.counts.tables).toEqual({ found: 0 });
      const failed = await run(
        client,
        "select 1;\n\ndo $check$\nbegin\n  perform 1;\n  assert 1 = 2, 'one is not two';\nend $check$;\nselect 3;",
      );
      expect(failed.ok).toBe(false);
      expect(failed.problem?.place).toMatchObject({ file: 'supabase/tests/v0.7.0_smoke_test.sql', line: 6, column: 3 });
      expect(failed.problem).toMatchObject({ code: 'sql_failed', sqlState: 'P0004', message: 'one is not two (P0004)' });
      expect(failed.checks[0]).toMatchObject({ ok: false, detail: 'one is not two (P0004) (line 6, column 3)' });
    });
  });

  test('an error points at its column, whatever characters stand before it', async () => {
    await withFreshClient(major, async (client) => {
      const result = await run(client, "-- Grüße 😀\nbegin;\nselect 'é😀ß';\nselect '日本😀', missing from pg_class;\nrollback;");
      expect(result.problem?.place).toEqual({
        file: 'supabase/tests/v0.7.0_smoke_test.sql',
        line: 4,
        column: 15,
        text: "select '日本😀', missing from pg_class;",
      });
      expect(result.problem).toMatchObject({ code: 'sql_failed', sqlState: '42703' });
    });
  });

  test('an error in a function points at the statement that called it, and says where inside', async () => {
    await withFreshClient(major, async (client) => {
      await client.query(`create function public.fails() returns int language plpgsql as $$ begin\n  return 1 / 0;\nend $$`);
      const result = await run(client, 'select 1;\ncreate temp table t (n int);\n  select 2, public.fails();\nselect 3;');
      expect(result.problem?.place).toMatchObject({ line: 3, column: 3 });
      expect(result.problem?.detail.join()).toContain('fails() line 2');
      const inBlock = await run(client, 'do $$ begin\n  null;\n  perform public.fails();\nend $$;');
      expect(inBlock.problem?.place).toMatchObject({ line: 3, column: 3 });
    });
  });

  test('checks that passed before an error are shown', async () => {
    await withFreshClient(major, async (client) => {
      const result = await run(client, "select '1..2';\nselect 'ok 1 - first';\nselect 1/0;\nselect 'ok 2 - second';");
      expect(result.checks).toEqual([
        { ok: true, name: 'first' },
        { ok: false, name: 'the test ran to its end', detail: 'division by zero (22012) (line 3, column 1)' },
      ]);
      expect(result.ok).toBe(false);
    });
  });

  test('not ok, a wrong plan and Bail out! fail; TODO and SKIP do not', async () => {
    await withFreshClient(major, async (client) => {
      const outcome = async (...lines: string[]) => (await run(client, lines.map((line) => `select '${line}';`).join('\n'))).ok;
      expect(await outcome('1..1', 'ok 1 - a')).toBe(true);
      expect(await outcome('1..1', 'not ok 1 - a')).toBe(false);
      expect(await outcome('1..2', 'ok 1 - a')).toBe(false);
      expect(await outcome('ok 1 - a')).toBe(false);
      expect(await outcome('1..1', 'ok 1 - a', 'Bail out! enough')).toBe(false);
      expect(await outcome('1..2', 'not ok 1 - a # TODO later', 'ok 2 - b # SKIP not here')).toBe(true);
    });
  });

  test('a file that checks nothing fails', async () => {
    await withFreshClient(major, async (client) => {
      for (const sql of ['', '-- nothing yet', 'BEGIN;\nROLLBACK;']) {
        const result = await run(client, sql);
        expect(result.ok).toBe(false);
        expect(result.checks[0]?.detail).toContain('it checks nothing');
      }
    });
  });

  test('a statement that takes too long is stopped, and the limit is gone afterwards', async () => {
    await withFreshClient(major, async (client) => {
      const result = await run(client, 'select 1;\nselect pg_sleep(10);', { statementTimeoutMs: 200 });
      expect(result.problem).toMatchObject({ code: 'sql_failed', sqlState: '57014' });
      expect(result.problem?.next).toContain('0.2 s');
      expect(result.problem?.place?.line).toBe(2);
      expect(await firstValue(client, 'show statement_timeout')).toBe('0');
    });
  });

  test('rows that violate a deferred constraint fail the test that wrote them', async () => {
    await withFreshClient(major, async (client) => {
      await client.query('create table a (id int primary key); create table b (a int references a deferrable initially deferred)');
      const result = await run(client, 'begin;\ninsert into b values (7);\nrollback;');
      expect(result.ok).toBe(false);
      expect(result.checks.at(-1)).toMatchObject({ ok: false, name: "the deferred constraints of the test's own rows hold" });
      expect(result.problem).toMatchObject({ code: 'sql_failed', sqlState: '23503', message: expect.stringContaining('b_a_fkey') });
      expect((await run(client, 'insert into b values (7); insert into a values (7);')).ok).toBe(true);
    });
  });

  test('the right statement is blamed after statements of every sort', async () => {
    await withFreshClient(major, async (client) => {
      const result = await run(
        client,
        `create temp table t (n int);
        create rule also as on insert to t do also select 'ok 1 - from a rule';
        insert into t values (1);
        ;;
        copy t to stdout;
        declare c cursor for select 1; fetch c; close c;
        prepare p as select 1; execute p;
        explain select 1;
        show search_path;
        do $$ begin raise exception 'here'; end $$;
        select 2;`,
      );
      expect(result.problem?.place?.line).toBe(10);
    });
  });
});
