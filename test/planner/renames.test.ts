import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { readIdentity } from '../../src/snapshot/identity.ts';
import { withClient } from '../../src/target/connection.ts';
import { runBatches } from '../../src/transition/execute.ts';
import { planRenames } from '../../src/planner/renames.ts';
import { rollbackScript } from '../../src/transition/script.ts';
import { majors, ownServers, withDatabase, withEmptyDatabase } from '../postgres/database.ts';

// A plan for tables of the platform takes the rights of a superuser, which is written in a catalog of the whole server.
ownServers();

const cases: { name: string; before: string; migration: string; statements?: string[] }[] = [
  {
    name: 'two tables that swapped their names',
    before: 'create table a (x int); create table b (y int)',
    migration: 'alter table a rename to t; alter table b rename to a; alter table t rename to b',
  },
  {
    name: 'two columns that swapped their names',
    before: 'create table t (a int, b text)',
    migration: 'alter table t rename a to z; alter table t rename b to a; alter table t rename z to b',
  },
  {
    name: 'three columns that each took the next name',
    before: 'create table t (a int, b int, c int)',
    migration: 'alter table t rename c to d; alter table t rename b to c; alter table t rename a to b',
    statements: [
      'ALTER TABLE "public"."t" RENAME COLUMN "b" TO "a"',
      'ALTER TABLE "public"."t" RENAME COLUMN "c" TO "b"',
      'ALTER TABLE "public"."t" RENAME COLUMN "d" TO "c"',
    ],
  },
  {
    name: 'a renamed table whose old name, key and sequence another one has now',
    before: 'create table orders (id int primary key, n serial, constraint positive check (n > 0))',
    migration: `alter table orders rename to legacy; alter table legacy rename constraint orders_pkey to legacy_pkey;
      alter sequence orders_n_seq rename to legacy_n_seq; create table orders (id int primary key, n serial)`,
  },
  {
    name: 'a schema renamed with all that is in it',
    before: `create schema shop; create table shop.items (id int primary key, price numeric); create type shop.kind as enum ('a');
      create function shop.f(shop.kind) returns int language sql as 'select 1'`,
    migration: 'alter schema shop rename to store',
    statements: ['ALTER SCHEMA "store" RENAME TO "shop"'],
  },
  {
    name: 'things renamed inside a schema that was renamed too',
    before: `create schema shop; create table shop.items (id int primary key); create function shop.f(int) returns int language sql as 'select 1'`,
    migration:
      'alter schema shop rename to store; alter table store.items rename to goods; alter function store.f(int) rename to g; alter table store.goods rename id to no',
  },
  {
    name: 'two schemas that swapped their names',
    before: 'create schema one; create schema two; create table one.t (a int); create table two.t (b int)',
    migration: 'alter schema one rename to three; alter schema two rename to one; alter schema three rename to two',
  },
  {
    name: 'tables that moved to each other’s schema',
    before: 'create schema one; create schema two; create table one.t (a int primary key); create table two.t (b int primary key)',
    migration: `create schema three; alter table one.t set schema three; alter table two.t set schema one; alter table three.t set schema two; drop schema three`,
  },
  {
    name: 'many kinds moved to another schema and renamed there',
    before: `create table t (id int primary key, k int); create index t_k on t (k); create view v as select id from t; create materialized view m as select id from t;
      create sequence s; create type e as enum ('a'); create domain d as int constraint positive check (value > 0);
      create type c as (x int, y text); create procedure p(int) language sql as 'select 1'; create aggregate sum2(int) (sfunc = int4pl, stype = int)`,
    migration: `create schema n; alter table t set schema n; alter index n.t_k rename to t_k2; alter view v set schema n; alter view n.v rename to v2;
      alter materialized view m set schema n; alter sequence s set schema n; alter sequence n.s rename to s2; alter type e set schema n; alter type n.e rename to e2;
      alter domain d set schema n; alter domain n.d rename constraint positive to above_zero; alter type c set schema n; alter type n.c rename attribute x to xx;
      alter procedure p(int) set schema n; alter procedure n.p(int) rename to p2; alter aggregate sum2(int) set schema n; alter aggregate n.sum2(int) rename to sum3`,
  },
  {
    name: 'what moved out of a schema that is gone',
    before: 'create schema app; create table app.t (id int primary key); create view app.v as select 1 as one',
    migration: 'alter table app.t set schema public; alter view app.v set schema public; drop schema app',
    statements: ['CREATE SCHEMA "app"', 'ALTER TABLE "public"."t" SET SCHEMA "app"', 'ALTER VIEW "public"."v" SET SCHEMA "app"'],
  },
  {
    name: 'labels of an enum that swapped their names',
    before: `create type e as enum ('a', 'b', 'c')`,
    migration: `alter type e rename value 'a' to 'x'; alter type e rename value 'b' to 'a'; alter type e rename value 'x' to 'b'; alter type e rename value 'c' to 'd'`,
  },
  {
    name: 'one of several functions of a name, its old name taken by another',
    before: `create function f(int) returns int language sql as 'select 1'; create function f(text) returns int language sql as 'select 2'`,
    migration: `alter function f(int) rename to g; create function f(int) returns int language sql as 'select 3'`,
  },
  {
    name: 'a function whose argument has a type that was renamed too',
    before: `create type e as enum ('a'); create function f(e) returns int language sql as 'select 1'`,
    migration: 'alter type e rename to e2; alter function f(e2) rename to g',
  },
  {
    name: 'constraints, triggers and policies of a renamed table',
    before: `create table t (id int constraint t_key primary key, n int constraint high check (n > 1)); alter table t enable row level security;
      create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger tr before insert on t for each row execute function f();
      create policy p on t using (true)`,
    migration: `alter table t rename to u; alter table u rename constraint t_key to u_key; alter table u rename constraint high to low;
      alter trigger tr on u rename to tr2; alter policy p on u rename to p2`,
  },
  {
    name: 'names with quotes, capitals and spaces',
    before: `create table "My ""T""" ("Col 1" int); create type "E e" as enum ('it''s')`,
    migration: `alter table "My ""T""" rename to plain; alter table plain rename "Col 1" to c; alter type "E e" rename value 'it''s' to 'x'; alter type "E e" rename to ee`,
  },
  {
    name: 'columns of a partitioned table, a view and a foreign table',
    before: `create table t (a int, b int) partition by list (a); create table t1 partition of t for values in (1); create view v as select 1 as one`,
    migration: 'alter table t rename b to bb; alter table t1 rename to t_one; alter view v rename to w',
  },
];

describe.each(majors)('on PostgreSQL %i, names come back to', (major) => {
  test.concurrent.each(cases)('$name', async ({ before, migration, statements }) => {
    await withEmptyDatabase(major, ({ superuser }) =>
      withClient(superuser, async (client) => {
        await client.query(before);
        const goal = await readIdentity(client);
        await client.query(migration);
        const now = await readIdentity(client);
        const renames = planRenames(now, goal);
        if (statements) expect(renames.map(({ sql }) => sql.replace(/aside_c\d+_/g, 'aside_'))).toEqual(statements);
        for (const { sql } of renames) await client.query(sql);

        const back = await readIdentity(client);
        for (const [key, thing] of Object.entries(goal.things)) if (now.things[key]) expect(back.things[key]).toEqual(thing);
        expect(planRenames(back, goal)).toEqual([]);
      }),
    );
  });

  test('a trigger and a policy on tables of the platform', async () => {
    await withDatabase(major, ({ settings }) =>
      withClient(settings, async (client) => {
        await run(
          client,
          `create function f() returns trigger language plpgsql as 'begin return new; end';
          create trigger on_sign_up after insert on auth.users for each row execute function f();
          create policy mine on storage.objects for select using (owner = auth.uid());`,
        );
        const goal = await readIdentity(client);
        await run(
          client,
          'alter trigger on_sign_up on auth.users rename to welcome; alter policy mine on storage.objects rename to yours;',
        );
        const renames = planRenames(await readIdentity(client), goal);
        await run(client, renames.map(({ sql }) => `${sql};`).join('\n'));
        expect((await readIdentity(client)).things).toEqual(goal.things);
      }),
    );
  });
});

test('nothing is taken for renamed in another database', async () => {
  const things = { c1: { kind: 'table' as const, schema: 'public', name: 'a' } };
  expect(planRenames({ origin: 'here', things }, { origin: 'there', things: { c1: { ...things.c1, name: 'b' } } })).toEqual([]);
});

test('a column that was dropped and added again is moved aside, for the plan to drop it', async () => {
  await withEmptyDatabase(17, ({ superuser }) =>
    withClient(superuser, async (client) => {
      await client.query('create table t (a int, b int)');
      const goal = await readIdentity(client);
      await client.query('alter table t drop a, drop b; alter table t add a int');
      const [rename, ...others] = planRenames(await readIdentity(client), goal);
      expect(rename?.sql).toMatch(/^ALTER TABLE "public"."t" RENAME COLUMN "a" TO "supasnap_aside_c\d+_3"$/);
      expect(others).toEqual([]);
    }),
  );
});

test('a dropped and newly made table is not renamed, even where its name is the same', async () => {
  await withEmptyDatabase(17, ({ superuser }) =>
    withClient(superuser, async (client) => {
      await client.query('create table t (id int)');
      const goal = await readIdentity(client);
      await client.query('drop table t; create table t (id int)');
      expect(planRenames(await readIdentity(client), goal)).toEqual([]);
    }),
  );
});

async function run(client: pg.Client, sql: string): Promise<void> {
  const script = await rollbackScript('test', sql);
  if (script.execution.mode !== 'transaction') throw new Error('not in one transaction');
  await client.query('begin');
  await runBatches(client, script, script.execution.batches, { state: '', next: '' });
  await client.query('commit');
}
