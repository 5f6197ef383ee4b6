import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { readHints } from '../../src/shadow/seed-hints.ts';
import { textForPattern } from '../../src/shadow/seed-pattern.ts';
import { seedShadow, type Seeded } from '../../src/shadow/seed.ts';
import { catalogCheck } from '../../src/snapshot/catalog-check.ts';
import { type ConnectionSettings, quoteName, quoteText, withClient } from '../../src/target/connection.ts';
import { runLikeMigration, scriptOf } from '../corpus-case.ts';
import { inPart } from '../part.ts';
import { createCaseDatabase } from '../postgres/case-database.ts';
import { majors, ownServers, serverOf, withDatabase, withEmptyDatabase } from '../postgres/database.ts';

ownServers();

describe.each(majors)('on PostgreSQL %i', (major) => {
  /** Loads the schema into an empty database and seeds it as a superuser. */
  const seeding = (sql: string, look: (client: pg.Client, seeded: Seeded) => Promise<void> = async () => {}, perTable?: number) =>
    withEmptyDatabase(major, ({ superuser }) =>
      withClient(superuser, async (client) => {
        await client.query(sql);
        const seeded = await seedShadow(client, perTable);
        await look(client, seeded);
        await expectValid(client);
      }),
    );

  test('values of every type are found, others in each row, and nullable columns are NULL now and then', async () => {
    await seeding(everyType, async (client, { rows, unseeded }) => {
      expect(unseeded).toEqual([]);
      expect(rows).toEqual({ '"public"."given"': 3, '"public"."kinds"': 3 });
      const { rows: columns } = await client.query<{ name: string }>(
        "select attname::text as name from pg_attribute where attrelid = 'public.given'::regclass and attnum > 0 order by attnum",
      );
      for (const { name } of columns) {
        const [counts] = await one<{ empty: string; different: string }>(
          client,
          `select count(*) filter (where ${quoteName(name)} is null) as empty, count(distinct ${quoteName(name)}::text) as different from public.given`,
        );
        expect([name, counts!.empty, Number(counts!.different) > 1 || sameForAll.has(name)]).toEqual([name, '0', true]);
      }
      const [empty] = await one<{ empty: number }>(
        client,
        `select count(*)::int as empty from public.kinds where ${columns.map(({ name }) => `${quoteName(name)} is null`).join(' or ')}`,
      );
      expect(empty!.empty).toBeGreaterThan(0);
    });
  });

  test('values of extension types are found, and of domains the ones that their constraints take', async () => {
    await seeding(
      `create extension citext; create extension hstore; create extension ltree; create extension cube; create extension seg;
       create domain code as text check (value ~ '^[A-Z]{2}[0-9]{3,5}(-[a-z]+)?$'); create domain short_code as code check (length(value) = 5) not null;
       create domain grade as int check (value between 1 and 6); create domain part as numeric check (value > 0 and value < 1);
       create domain mail as citext check (value like '%_@_%.__%'); create domain colour as varchar(7) check (value in ('red', 'green', 'it''s blue'));
       create type pair as (code code, grade grade);
       create table t (id code primary key, s short_code, g grade not null, p part unique, m mail not null unique, c colour not null, all_codes code[] not null, both_parts pair not null,
         ci citext unique not null, h hstore not null, l ltree not null unique, cu cube not null, se seg not null)`,
      async (_, { rows, unseeded }) => {
        expect(unseeded).toEqual([]);
        expect(rows).toEqual({ '"public"."t"': 3 });
      },
    );
  });

  test('a foreign key finds its row, whatever the order, the columns and the kind of the table', async () => {
    await seeding(foreignKeys, async (client, { rows, unseeded }) => {
      expect(unseeded).toEqual([]);
      expect(Object.entries(rows).filter(([, count]) => count !== 3)).toEqual([
        ['"public"."flags"', 2],
        ['"public"."switches"', 2],
      ]);
      const [seen] = await one(
        client,
        `select (select count(parent_id) from folders)::int as folders, (select count(*) from roots where boss = id)::int as own,
        (select count(*) from members m join projects p using (tenant_id) where p.id = m.project_id)::int as members, (select count(event_id) from event_notes)::int as notes,
        (select count(*) from full_match where a is not null and b is not null)::int as full_match`,
      );
      expect(seen).toEqual({ folders: 2, own: 1, members: 3, notes: 3, full_match: 2 });
    });
  });

  test('tables that refer to each other in a circle are filled, also where no side may be NULL', async () => {
    await seeding(
      `create table teams (id int primary key, lead int); create table people (id int primary key, team int not null references teams);
       alter table teams add foreign key (lead) references people;
       create table orders (id int primary key, first_line int not null unique); create table lines (id int primary key, order_id int not null references orders);
       alter table orders add foreign key (first_line) references lines deferrable initially deferred;
       create table a (id int primary key); create table b (id int primary key, c int); create table c (id int primary key, b int not null references b, a int not null references a);
       alter table a add b int references b; alter table b add foreign key (c) references c`,
      async (client, { rows, unseeded }) => {
        expect(unseeded).toEqual([]);
        expect(Object.values(rows)).toEqual([3, 3, 3, 3, 3, 3, 3]);
        const [seen] = await one(
          client,
          'select (select count(lead) from teams)::int as leads, (select count(b) from a)::int as a, (select count(c) from b)::int as b',
        );
        expect(seen).toEqual({ leads: 3, a: 3, b: 3 });
      },
    );
  });

  test('rows that are left referring to nothing are taken out again', async () => {
    await seeding(
      `create table first_half (id int primary key, other int not null); create table other_half (id int primary key check (false), first int not null references first_half);
       alter table first_half add foreign key (other) references other_half; create table of_first (id int primary key, first int not null references first_half);
       create table whole (id int primary key); create table misled (id int primary key, whole_id int not null references whole);
       create function mislead() returns trigger language plpgsql as $$ begin new.whole_id := 999; return new; end $$;
       create trigger a before insert on misled for each row execute function mislead(); alter table misled enable always trigger a`,
      async (client, { rows, unseeded }) => {
        expect(rows).toEqual({ '"public"."whole"': 3 });
        const orphans = 'its rows would refer to rows that are not there';
        expect(unseeded).toEqual([
          { table: '"public"."first_half"', reason: orphans },
          { table: '"public"."misled"', reason: orphans },
          { table: '"public"."of_first"', reason: orphans },
          { table: '"public"."other_half"', reason: 'new row for relation "other_half" violates check constraint "other_half_check"' },
        ]);
        expect(await one(client, 'select from first_half, misled, of_first')).toEqual([]);
      },
    );
  });

  test('CHECK and exclusion constraints are met by values read from their text, or by trying', async () => {
    await seeding(checks, async (_, { rows, unseeded }) => {
      expect(unseeded).toEqual([]);
      expect(Object.entries(rows).filter(([, count]) => count < 3)).toEqual([['"public"."only_two"', 2]]);
    });
  });

  test('rows of a partitioned table go into its partitions, those of inheritance children into each table', async () => {
    await seeding(partitions, async (client, { rows, unseeded }) => {
      expect(rows).toEqual({
        '"public"."base"': 3,
        '"public"."by_default"': 3,
        '"public"."by_hash"': 3,
        '"public"."by_list"': 3,
        '"public"."by_month"': 3,
        '"public"."child"': 3,
        '"public"."deep"': 3,
        '"public"."of_function"': 3,
        '"public"."two_columns"': 3,
      });
      expect(unseeded).toEqual([{ table: '"public"."without"', reason: 'no partition of relation "without" found for row' }]);
      const [seen] = await one(
        client,
        'select (select count(distinct tableoid) from by_list)::int as list, (select count(distinct tableoid) from by_month)::int as months, (select count(*) from only base)::int as base',
      );
      expect(seen).toEqual({ list: 2, months: 2, base: 3 });
    });
  });

  test('sequences, identities and generated columns: rows have their numbers, and the next row gets one after them', async () => {
    await seeding(
      `create sequence public.shared start 100 increment 5;
       create table always (id bigint generated always as identity primary key, word text not null);
       create table by_default (id int generated by default as identity (start 7) primary key, twice int generated always as (id * 2) stored unique);
       create table serials (id serial primary key, small smallserial, code int not null default nextval('shared') unique, name text not null default 'x');
       create table down (id int generated always as identity (increment -1) primary key);
       create table of_twice (twice int references by_default (twice));
       create table made (data jsonb, kind text generated always as (data ->> 'kind') stored not null);
       create table nothing ()`,
      async (client, { rows, unseeded }) => {
        expect(unseeded).toEqual([]);
        expect(rows).toMatchObject({ '"public"."nothing"': 3, '"public"."made"': 3 });
        expect(await one(client, 'select id from down order by id')).toEqual([{ id: -3 }, { id: -2 }, { id: -1 }]);
        expect(await one(client, 'select id, code from serials order by id')).toEqual([
          { id: 1, code: 100 },
          { id: 2, code: 105 },
          { id: 3, code: 110 },
        ]);
        expect(await one(client, "insert into always (word) values ('next') returning id")).toEqual([{ id: '4' }]);
        expect(await one(client, 'insert into by_default default values returning id, twice')).toEqual([{ id: 10, twice: 20 }]);
        expect(await one(client, 'insert into serials default values returning id, small, code')).toEqual([{ id: 4, small: 4, code: 115 }]);
        expect(await one(client, 'insert into down default values returning id')).toEqual([{ id: -4 }]);
      },
    );
  });

  test("triggers that refuse or write stay quiet, and forced row security and rules are in nobody's way", async () => {
    await seeding(
      `create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create function note() returns trigger language plpgsql as $$ begin insert into log values (new.id); return new; end $$;
       create table log (id int); create table refused (id int primary key); create table noted (id int primary key); create table secured (id int primary key); create table ruled (id int primary key);
       create trigger a before insert on refused for each row execute function no(); create trigger a before insert on log for each row execute function no();
       create trigger a after insert on noted for each row execute function note();
       alter table secured enable row level security; alter table secured force row level security;
       create rule a as on insert to ruled do instead nothing`,
      async (client, { rows, unseeded }) => {
        expect(unseeded).toEqual([]);
        expect(Object.values(rows)).toEqual([3, 3, 3, 3, 3]);
        expect(await one(client, 'select count(*)::int from log')).toEqual([{ count: 3 }]);
        expect(await one(client, 'show session_replication_role')).toEqual([{ session_replication_role: 'origin' }]);
      },
    );
  });

  test('a table that takes no row is named with the reason, and what refers to it is NULL or named too', async () => {
    await seeding(
      `create extension isn; create table books (number isbn not null); create table never (id int primary key, constraint impossible check (false));
       create table after_never (id int primary key, never_id int not null references never); create table maybe (id int primary key, never_id int references never);
       create function refuse(text) returns boolean language plpgsql as $$ begin raise exception 'nothing pleases me'; end $$;
       create table hard (id int primary key, word text not null check (refuse(word)));
       create domain nothing as int check (value > 5 and value < 3); create table domains (id int primary key, n nothing not null);
       create table composite_only (a int not null, b int not null, check (a * a + b * b = 1000033));
       create table fine (id int primary key); create view seen as select 1 as one`,
      async (client, { rows, unseeded }) => {
        expect(rows).toEqual({ '"public"."fine"': 3, '"public"."maybe"': 3 });
        expect(Object.fromEntries(unseeded.map(({ table, reason }) => [table, reason]))).toEqual({
          '"public"."after_never"': '"never_id" must refer to a row of public.never, and none is there that fits',
          '"public"."composite_only"': 'new row for relation "composite_only" violates check constraint "composite_only_check"',
          '"public"."books"': 'no value of type public.isbn is known for column "number"',
          '"public"."domains"': 'no value of type public.nothing is known for column "n"',
          '"public"."hard"': 'nothing pleases me',
          '"public"."never"': 'new row for relation "never" violates check constraint "impossible"',
        });
        expect(await one(client, 'select count(never_id)::int from maybe')).toEqual([{ count: 0 }]);
      },
    );
  });

  test('a role that may not ask triggers to be quiet fills what it may, and names the rest', async () => {
    await withEmptyDatabase(major, async ({ superuser, name }) => {
      const role = `seeder_${name}`;
      await withClient(superuser, async (client) => {
        await client.query(`create role ${role}; create schema own authorization ${role}; create table public.foreign_to_it (id int primary key);
          set role ${role}; create table own.parents (id int primary key); create table own.children (id int primary key, parent_id int not null references own.parents deferrable initially deferred, self_id int references own.children);
          create table own.a (id int primary key); create table own.b (id int primary key, a_id int not null references own.a); alter table own.a add b_id int references own.b;
          create table own.secured (id int primary key); alter table own.secured enable row level security; alter table own.secured force row level security;
          create function own.no() returns trigger language plpgsql as $$ begin raise exception 'the trigger says no'; end $$;
          create table own.refused (id int primary key); create trigger a before insert on own.refused for each row execute function own.no()`);
        const { rows, unseeded } = await seedShadow(client);
        expect(rows).toEqual({ '"own"."a"': 3, '"own"."b"': 3, '"own"."children"': 3, '"own"."parents"': 3 });
        expect(unseeded).toEqual([
          { table: '"own"."refused"', reason: 'the trigger says no' },
          { table: '"own"."secured"', reason: 'new row violates row-level security policy for table "secured"' },
          { table: '"public"."foreign_to_it"', reason: 'permission denied for table foreign_to_it' },
        ]);
        expect(await one(client, 'select count(b_id)::int from own.a')).toEqual([{ count: 3 }]);
        await client.query('reset role');
        await expectValid(client);
        await client.query(`drop owned by ${role} cascade; drop role ${role}`);
      });
    });
  });

  test('the same schema gets the same rows, also once more after they were removed', async () => {
    const schema = [everyType, foreignKeys, checks, partitions]
      .map((sql, place) => `create schema s${place}; set search_path = s${place}; ${sql.replaceAll('public.', `s${place}.`)};`)
      .join('\n');
    const seen: unknown[] = [];
    for (const again of [true, false]) {
      await withEmptyDatabase(major, ({ superuser }) =>
        withClient(superuser, async (client) => {
          await client.query(schema);
          await seedShadow(client);
          seen.push(await allRows(client));
          if (!again) return;
          await client.query(`truncate ${Object.keys(await allRows(client)).join(', ')}`);
          await seedShadow(client);
          seen.push(await allRows(client));
        }),
      );
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test('an open transaction is used and left open; the schema stays as it was', async () => {
    await withEmptyDatabase(major, ({ superuser }) =>
      withClient(superuser, async (client) => {
        await client.query(
          'create table t (id int generated always as identity primary key, parent int references t); create table hard (id int check (false))',
        );
        const before = await catalogCheck(client);
        await client.query('begin; set local session_replication_role = replica');
        expect((await seedShadow(client)).rows).toEqual({ '"public"."t"': 3 });
        expect(await one(client, 'show session_replication_role')).toEqual([{ session_replication_role: 'replica' }]);
        await client.query('rollback');
        expect(await one(client, 'select count(*)::int from t')).toEqual([{ count: 0 }]);
        expect((await seedShadow(client, 5)).rows).toEqual({ '"public"."t"': 5 });
        expect(client.getTransactionStatus()).toBe('I');
        expect(await one(client, 'select count(*)::int from t')).toEqual([{ count: 5 }]);
        expect(await catalogCheck(client)).toEqual(before);
      }),
    );
  });

  test('a fresh Supabase project: its own tables are filled, and those of users that refer to auth.users', async () => {
    await withDatabase(major, async ({ superuser }) => {
      await withClient(superuser, async (client) => {
        await client.query(`create table public.profiles (id uuid primary key references auth.users on delete cascade, name text unique not null);
          create table public.files (id bigserial primary key, object_id uuid not null references storage.objects, owner uuid not null references public.profiles)`);
        const { rows, unseeded } = await seedShadow(client);
        expect(rows).toMatchObject({
          '"auth"."users"': 3,
          '"auth"."identities"': 3,
          '"storage"."objects"': 3,
          '"public"."profiles"': 3,
          '"public"."files"': 3,
        });
        expect(unseeded).toEqual([{ table: '"realtime"."messages"', reason: 'no partition of relation "messages" found for row' }]);
        await expectValid(client);
      });
    });
  });

  test('many tables take hardly more than a round trip each', async () => {
    await withEmptyDatabase(major, ({ superuser }) =>
      withClient(superuser, async (client) => {
        await client.query(
          Array.from(
            { length: 200 },
            (
              _,
              n,
            ) => `create table t${n} (id bigint generated always as identity primary key, name varchar(20) not null unique, price numeric(8, 2) check (price > 0),
          state text not null check (state in ('new', 'old')), at timestamptz not null default now()${n > 0 ? `, parent bigint not null references t${Math.floor(n / 2)}` : ''})`,
          ).join(';'),
        );
        let trips = 0;
        const send = client.query.bind(client) as (...words: unknown[]) => unknown;
        client.query = ((...words: unknown[]) => {
          trips += 1;
          return send(...words);
        }) as typeof client.query;
        const { rows } = await seedShadow(client);
        expect(Object.keys(rows)).toHaveLength(200);
        expect(trips).toBeLessThan(220);
      }),
    );
  });

  /** A sixth of both corpora, each case on one version. SUPASNAP_CORPUS=all runs all on both. */
  const all = process.env.SUPASNAP_CORPUS === 'all';
  const runs = (place: number) => all || place % 12 === majors.indexOf(major);
  const cases = ['corpus', 'corpus-data'].flatMap((corpus) =>
    inPart(casesOf(corpus).filter((_, place) => runs(place))).map((name) => ({ corpus, name })),
  );

  test('the schemas of both corpora: every table of users is filled', async () => {
    const empty: string[] = [];
    for (const { corpus, name } of cases) {
      const sql = readFileSync(fileURLToPath(new URL(`../${corpus}/${name}/before.sql`, import.meta.url)), 'utf8');
      await withCase(major, sql, async (client) => {
        const { rows, unseeded } = await seedShadow(client);
        expect(unseeded.filter(({ reason }) => reason === '')).toEqual([]);
        empty.push(
          ...unseeded.filter(({ table }) => table !== '"realtime"."messages"').map(({ table, reason }) => `${name}: ${table}: ${reason}`),
        );
        expect([name, [...Object.keys(rows), ...unseeded.map(({ table }) => table)].sort()]).toEqual([name, await tablesOf(client)]);
        const counts = await one<{ table: string; count: number }>(
          client,
          Object.keys(rows)
            .map((table) => `select ${quoteText(table)} as table, count(*)::int from ${table}`)
            .join(' union all ') || "select 'none' as table, 0 as count",
        );
        expect(counts.filter(({ table, count }) => count < (rows[table] ?? 0))).toEqual([]);
      });
    }
    expect(empty).toEqual([]);
  }, 600_000);
});

test.each([
  '^[A-Z]{2}[0-9]{3,5}(-[a-z]+)?$',
  '^\\+?[1-9]\\d{1,14}$',
  '^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$',
  '^(?:red|green|b(l|r)ue)$',
  '^#[0-9a-fA-F]{6}$',
  '^[^/]+/[^/]+$',
  '^\\w+\\s\\w+$',
  '^[\\]a-]{2,}$',
  '^(\\d{1,3}\\.){3}\\d{1,3}$',
  'v\\d+\\.\\d+',
])('a text made for the pattern %s matches it', (pattern) => {
  for (let k = 0; k < 20; k += 1) expect(textForPattern(pattern, k)).toMatch(new RegExp(pattern));
});

test('hints of a constraint: column, function, operator and literal, through casts and brackets', () => {
  const text =
    "CHECK (((char_length((name)::text) <= 50) AND ((0)::numeric < price) AND ((\"the State\")::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[])) AND (ends > starts) AND ((data ->> 'kind'::text) = 'x'::text)))";
  expect(readHints(text, ['name', 'price', 'the State', 'starts', 'ends', 'data'])).toEqual({
    hints: [
      { column: 'name', of: 'char_length', operator: '<=', literal: '50' },
      { column: 'price', operator: '>', literal: '0' },
      { column: 'the State', operator: '=', literal: 'a' },
      { column: 'the State', operator: '=', literal: "it's" },
      { column: 'data', operator: '?', literal: 'kind', key: 'kind' },
      { column: 'data', operator: '=', literal: 'x', key: 'kind' },
    ],
    orders: [{ low: 'starts', high: 'ends' }],
  });
});

const one = async <T extends pg.QueryResultRow = Record<string, unknown>>(client: pg.Client, sql: string): Promise<T[]> =>
  (await client.query<T>(sql)).rows;

/** Every foreign key, CHECK and unique constraint is made once more: the server looks at all rows then. */
async function expectValid(client: pg.Client): Promise<void> {
  const constraints = await one<{ table: string; definition: string }>(
    client,
    `select c.conrelid::regclass::text as table, replace(pg_get_constraintdef(c.oid), ' NOT VALID', '') as definition
    from pg_constraint c join pg_class r on r.oid = c.conrelid where c.contype in ('f', 'c', 'u') and c.conparentid = 0 and c.coninhcount = 0 and c.convalidated and c.connamespace <> 'pg_catalog'::regnamespace and r.relkind in ('r', 'p')`,
  );
  await client.query('begin; set local session_replication_role = origin');
  for (const [place, { table, definition }] of constraints.entries()) {
    await client
      .query(`alter table ${table} add constraint again_${place} ${definition}`)
      .catch((error: Error) => expect.fail(`${table} ${definition}: ${error.message}`));
  }
  await client.query('rollback');
}

async function allRows(client: pg.Client): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const table of await tablesOf(client))
    rows[table] = (await one<{ row: string }>(client, `select t::text as row from ${table} t order by 1`)).map(({ row }) => row);
  return rows;
}

/** As "schema"."table", roots of partitioned tables alone. */
async function tablesOf(client: pg.Client): Promise<string[]> {
  const rows = await one<{ schema: string; name: string }>(
    client,
    `select n.nspname::text as schema, c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`,
  );
  return rows.map(({ schema, name }) => `${quoteName(schema)}.${quoteName(name)}`).sort();
}

const casesOf = (corpus: string): string[] =>
  readdirSync(fileURLToPath(new URL(`../${corpus}`, import.meta.url)), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    .sort();

let counter = 0;

async function withCase(major: number, sql: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const server = await serverOf(major);
  const database = `seed_${counter++}`;
  const settings: ConnectionSettings = await createCaseDatabase(server, database, [sql]);
  try {
    await withClient(settings, async (client) => runLikeMigration(client, await scriptOf('before.sql', sql)));
    await withClient({ ...server.superuser, database }, use);
  } finally {
    await withClient(server.superuser, (client) => client.query(`drop database if exists ${quoteName(database)} with (force)`));
  }
}

const typeNames = [
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'numeric(5,2)',
  'numeric(2,2)',
  'numeric(3,5)',
  'numeric(1)',
  'real',
  'double precision',
  'money',
  'text',
  'varchar',
  'varchar(1)',
  'varchar(12)',
  'char',
  'char(3)',
  '"char"',
  'name',
  'boolean',
  'uuid',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamp(0)',
  'timestamptz',
  'interval',
  'interval day to second',
  'json',
  'jsonb',
  'jsonpath',
  'bytea',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'bit',
  'bit(5)',
  'varbit',
  'varbit(4)',
  'int4range',
  'int8range',
  'numrange',
  'daterange',
  'tsrange',
  'tstzrange',
  'int4multirange',
  'datemultirange',
  'tstzmultirange',
  'xml',
  'tsvector',
  'tsquery',
  'point',
  'line',
  'lseg',
  'box',
  'path',
  'polygon',
  'circle',
  'pg_lsn',
  'tid',
  'oid',
  'xid',
  'xid8',
  'cid',
  'pg_snapshot',
  'txid_snapshot',
  'refcursor',
  'regclass',
  'regtype',
  'regproc',
  'regprocedure',
  'regoper',
  'regoperator',
  'regnamespace',
  'regrole',
  'regcollation',
  'regconfig',
  'regdictionary',
  'aclitem',
  'int2vector',
  'oidvector',
  'public.mood',
  'public.place',
  'public.nested',
  'public.words',
  'public.floats',
];
const arrays = typeNames.filter((name) => !/vector$/.test(name) || name === 'tsvector');
const given = [...typeNames, ...arrays.map((name) => `${name}[]`), 'varchar(3)[][]'];
/** Types of which this server knows one value, or too few. */
const sameForAll = new Set(
  given.flatMap((name, place) => (/^(regoper|regcollation|regdictionary|aclitem)(\[\])?$/.test(name) ? [`c${place}`] : [])),
);

const everyType = `create type public.mood as enum ('happy', 'it''s ok', 'sad'); create type public.place as (street varchar(5), zip int, mood public.mood, at timestamptz);
  create type public.nested as (a public.place, b public.place[], c text[]); create domain public.words as text[]; create type public.floats as range (subtype = float8);
  create table public.given (${given.map((name, place) => `c${place} ${name} not null`).join(', ')});
  create table public.kinds (${given.map((name, place) => `c${place} ${name}`).join(', ')})`;

const foreignKeys = `
  create table z_last (id uuid primary key default gen_random_uuid()); create table a_first (id int primary key, z uuid not null references z_last);
  create table tenants (id int primary key); create table projects (tenant_id int references tenants, id int, primary key (tenant_id, id));
  create table users (tenant_id int references tenants, id int, primary key (tenant_id, id));
  create table members (tenant_id int, project_id int, user_id int, primary key (tenant_id, project_id, user_id),
    foreign key (tenant_id, project_id) references projects, foreign key (tenant_id, user_id) references users);
  create table folders (tenant_id int not null, id int, parent_id int, primary key (tenant_id, id), foreign key (tenant_id, parent_id) references folders (tenant_id, id));
  create table roots (id int primary key, boss int not null references roots); create table profiles (id uuid primary key references z_last, nick text unique);
  create table flags (flag boolean primary key); create table switches (flag boolean primary key); create table both_flags (flag boolean references flags, switch boolean references switches, primary key (flag, switch));
  create table pairs (a int, b int, unique (a, b)); create table full_match (id int primary key, a int, b int, foreign key (a, b) references pairs (a, b) match full);
  create table events (id int, day date, primary key (id, day)) partition by range (day); create table events_1 partition of events for values from ('2020-01-01') to ('2021-01-01');
  create table event_notes (event_id int not null, day date not null, foreign key (event_id, day) references events);
  create table one_partition (event_id int not null, day date not null, foreign key (event_id, day) references events_1);
  create table prices (amount numeric(10, 2) primary key); create table price_notes (amount numeric references prices, code char(5) unique);
  create table codes (code char(5) references price_notes (code))`;

const checks = `
  create table numbers (age int not null check (age between 16 and 18), part numeric not null check (part > 0 and part < 1), low int check (low < -5), even int not null check (even % 2 = 0), big bigint check (big >= 9007199254740000), one_of smallint not null check (one_of in (3, 5)));
  create table words (state text not null check (state in ('new', 'it''s old')), short text not null check (char_length(short) between 3 and 5), exact varchar(8) not null check (length(exact) = 8), mail text not null unique check (mail ~* '^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$'),
    lower text not null check (lower = lower(lower)), upper text check (upper = upper(upper)), slug text not null unique check (slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$'), link text not null check (link like 'https://%'), hex text not null check (hex ~ '^#[0-9a-fA-F]{6}$'),
    filled text not null check (btrim(filled) <> ''), lang char(2) not null check (lang similar to '[a-z]{2}'), "Odd ""name" text not null check ("Odd ""name" = any (array['x', 'y'])));
  create type mood as enum ('open', 'closed');
  create table pairs_of (status mood not null, closed_at timestamptz, price numeric(6, 2) not null, discount numeric(6, 2) not null, starts date not null, ends date not null, a int, b int,
    check ((status = 'closed') = (closed_at is not null)), check (discount <= price and discount >= 0 and price > 0), check (ends > starts), check (num_nonnulls(a, b) = 1));
  create table documents (data jsonb not null check (jsonb_typeof(data) = 'object' and data ? 'kind' and (data ->> 'kind') in ('a', 'b')), list jsonb not null check (jsonb_typeof(list) = 'array'), tags text[] not null check (cardinality(tags) between 1 and 4 and tags <@ array['a', 'b']));
  create table moments (at timestamptz not null check (at >= '2030-01-01' and at < '2030-01-02'), past date not null check (past < '1990-05-05'), born date not null check (born > '1900-01-01' and born < '1901-01-01'), since time not null check (since >= '09:00'));
  create extension if not exists btree_gist schema public;
  create table bookings (id int primary key, room int not null, during tstzrange not null, exclude using gist (room with =, during with &&));
  create table only_two (flag boolean primary key); create table unique_nulls (a boolean, b boolean, unique nulls not distinct (a, b));
  create table indexed (mail text not null, note text, kind mood not null, deferred int not null unique deferrable initially deferred); create unique index on indexed (lower(mail)); create unique index on indexed (kind) where note is null;
  create table choices (a text, b text, c text, check ((a = 'x' and b is not null and c is null) or (a = 'y' and b is null and c is not null)))`;

const partitions = `
  create table by_month (at timestamptz not null, n int) partition by range (at);
  create table by_month_1 partition of by_month for values from ('2031-01-01') to ('2031-02-01'); create table by_month_2 partition of by_month for values from ('2031-02-01') to ('2031-03-01');
  create table by_list (region text not null, n int) partition by list (region); create table by_list_1 partition of by_list for values in ('eu', 'it''s'); create table by_list_2 partition of by_list for values in ('us') ;
  create table by_hash (id int primary key) partition by hash (id); create table by_hash_1 partition of by_hash for values with (modulus 2, remainder 0); create table by_hash_2 partition of by_hash for values with (modulus 2, remainder 1);
  create table by_default (id int primary key) partition by range (id); create table by_default_1 partition of by_default default;
  create table two_columns (a int, b text, n int) partition by range (a, b); create table two_columns_1 partition of two_columns for values from (5, 'b') to (5, 'x');
  create table deep (region text not null, at date not null, id int, unique (region, at, id)) partition by list (region); create table deep_eu partition of deep for values in ('eu') partition by range (at); create table deep_eu_1 partition of deep_eu for values from ('2031-01-01') to ('2031-01-04');
  alter table deep_eu_1 add check (id > 1000);
  create table of_function (word text) partition by list (lower(word)); create table of_function_1 partition of of_function for values in ('quiet');
  create table without (id int) partition by range (id);
  create table base (id int primary key, word text not null); create table child (more int not null check (more > 3)) inherits (base)`;
