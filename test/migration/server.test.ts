import { describe, expect, test } from 'vitest';
import { splitStatements } from '../../src/migration/statements.ts';
import { planExecution } from '../../src/migration/transaction.ts';
import { type ServerError, sqlProblem } from '../../src/sql-error.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors, withEmptyDatabase } from '../postgres/database.ts';

describe.each(majors)('PostgreSQL %i', (major) => {
  test('an error in the middle of a message points to its place in the file', () =>
    withEmptyDatabase(major, ({ settings }) =>
      withClient(settings, async (client) => {
        const sql = "-- 日本😀\r\nbegin;\r\n-- ü\r\nselect 'é😀';\r\nselect '😀', nope;\r\ncommit;\r\n";
        const plan = planExecution(await splitStatements(sql));
        const batch = plan.mode === 'transaction' ? plan.batches[0] : undefined;
        expect(batch?.statements).toHaveLength(2);
        const { start = 0, end = 0 } = batch ?? {};
        const error = await client.query(sql.slice(start, end)).catch((thrown: ServerError) => thrown);
        expect(sqlProblem(error as ServerError, 'a.sql', sql, start).place).toEqual({
          file: 'a.sql',
          line: 5,
          column: 13,
          text: "select '😀', nope;",
        });
      }),
    ));

  test('what is planned to run alone is what the server refuses in a transaction', () =>
    withEmptyDatabase(major, ({ superuser, name }) =>
      withClient(superuser, async (client) => {
        await client.query(`create table t (a int primary key); create type e as enum ('a');
          create materialized view m as select 1 as a; create unique index on m (a); cluster t using t_pkey;
          create table p (a int) partition by list (a); create table q partition of p for values in (1)`);
        const statements = await splitStatements(`
          create index concurrently i on t (a); drop index concurrently t_pkey; reindex table concurrently t; reindex (concurrently) index t_pkey;
          reindex schema public; reindex system "${name}"; vacuum; vacuum t; cluster; create database x; drop database x; alter system set work_mem = '1MB';
          create tablespace x location '/x'; drop tablespace x; create subscription s connection 'dbname=x' publication p;
          alter table p detach partition q concurrently; discard all;
          create index i on t (a); refresh materialized view concurrently m; analyze; analyze t; cluster t using t_pkey; reindex table t;
          discard plans; alter table p detach partition q; alter type e add value 'b'; checkpoint; listen x;
          create subscription s connection 'dbname=x' publication p with (connect = false)`);
        for (const statement of statements) {
          const alone = planExecution([statement]).mode === 'outside';
          await client.query('begin');
          const code = await client.query(statement.text).then(
            () => 'none',
            (error: ServerError) => error.code,
          );
          await client.query('rollback');
          expect([statement.text, code]).toEqual([statement.text, alone ? '25001' : 'none']);
        }
      }),
    ));
});
