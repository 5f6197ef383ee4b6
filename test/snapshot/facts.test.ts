import { buildFactBase, extract, type FactBase, type StableId } from '@supabase/pg-delta';
import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { clusterFactsQuery } from '../../src/snapshot/cluster-facts.ts';
import { readFacts } from '../../src/snapshot/facts.ts';
import { settleSpelling } from '../../src/snapshot/spelling.ts';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { makeEveryKind } from '../pg-dump/every-kind.ts';
import { majors, ownServers, withDatabase, withEmptyDatabase, type TestDatabase } from '../postgres/database.ts';

// One of every kind has roles too.
ownServers();

describe.each(majors)('PostgreSQL %i', (major) => {
  test.each(['superuser', 'settings'] as const)('facts are those that the library reads one by one: as %s', (login) =>
    withRichDatabase(major, async (database) => {
      const expected = await readOneByOne(database[login]);
      await withClient(database[login], async (client) => {
        for (const insideTransaction of [false, true]) {
          if (insideTransaction) await client.query('begin');
          const facts = await readFacts(client, { insideTransaction });
          expect(facts.base.facts().length).toBeGreaterThan(200);
          expect(facts.base.rootHash).toBe(expected.base.rootHash);
          expect(facts.base.diagnostics).toEqual([]);
          expect({ notModelled: facts.notModelled, serverVersion: facts.serverVersion }).toEqual({
            notModelled: expected.notModelled,
            serverVersion: expected.serverVersion,
          });
        }
      });
    }),
  );

  test('so they are where nothing has to be left out, without what the library remarks on them', () =>
    withEmptyDatabase(major, async ({ settings, superuser }) => {
      await withClient(superuser, (client) =>
        client.query(`create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;
          create user mapping for authenticated server far options (password 'hidden'); create table public.plain (id int primary key)`),
      );
      const expected = await readOneByOne(settings, 'anon');
      expect(expected.remarks).toContain('user-mapping-unreadable');
      const { base } = await withClient(settings, async (client) => {
        await client.query('set role anon');
        return readFacts(client, { insideTransaction: false });
      });
      expect(base.rootHash).toBe(expected.base.rootHash);
      expect(base.diagnostics).toEqual([]);
    }));

  test.each(['superuser', 'settings'] as const)('everything is foreseen and takes three round trips: as %s', (login) =>
    withRichDatabase(major, (database) =>
      withClient(database[login], async (client) => {
        const watched = watch(client);
        await readFacts(client, { insideTransaction: false });
        expect(watched.sent.slice(-2)).toEqual([clusterFactsQuery(new Set()), 'COMMIT']);
        expect(new Set(watched.sent).size).toBe(watched.sent.length);
        // The last may go out before the last answer is there.
        expect(watched.trips).toBeLessThanOrEqual(3);
      }),
    ),
  );

  test('inside a transaction it sees what is not committed, and leaves no setting behind', () =>
    withDatabase(major, ({ settings }) =>
      withClient(settings, async (client) => {
        await client.query(`begin; set local search_path = storage; set local jit = on; create table public.fresh (id int)`);
        const { base } = await readFacts(client, { insideTransaction: true });
        expect(base.has({ kind: 'table', schema: 'public', name: 'fresh' })).toBe(true);
        const { rows } = await client.query("select current_setting('search_path') as path, current_setting('jit') as jit");
        expect(rows).toEqual([{ path: 'storage', jit: 'on' }]);
      }),
    ));

  test('a query that fails gives its own error, and the transaction goes on', () =>
    withDatabase(major, async ({ settings, superuser }) => {
      await withClient(superuser, (client) =>
        client.query(`create table public.checked (id int constraint broken check (id > 0)); set allow_system_table_mods = on;
          update pg_constraint set conbin = null where conname = 'broken'`),
      );
      const expected = await errorOf(readOneByOne(settings));
      expect(expected).toMatchObject({ code: 'XX000', message: expect.stringMatching(/conbin/) });
      await withClient(settings, async (client) => {
        expect(await errorOf(readFacts(client, { insideTransaction: false }))).toEqual(expected);
        await client.query('begin; create table public.fresh (id int)');
        expect(await errorOf(readFacts(client, { insideTransaction: true }))).toEqual(expected);
        expect((await client.query("select to_regclass('public.fresh')::text as name")).rows).toEqual([{ name: 'fresh' }]);
      });
    }));

  test('a transaction that already failed says so', () =>
    withDatabase(major, ({ settings }) =>
      withClient(settings, async (client) => {
        await client.query('begin');
        await client.query('select 1 / 0').catch(() => {});
        expect(await errorOf(readFacts(client, { insideTransaction: true }))).toMatchObject({ code: '25P02' });
        await client.query('rollback');
        expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      }),
    ));
});

/** With every kind of object, our own schema, a label, and an expression that is spelled anew. */
const withRichDatabase = (major: number, use: (database: TestDatabase) => Promise<void>): Promise<void> =>
  withDatabase(major, async (database) => {
    await makeEveryKind(database.superuser);
    await withClient(database.superuser, (client) =>
      client.query(`
        create schema if not exists supabase_migrations;
        create table supabase_migrations.noted (version text primary key);
        comment on table supabase_migrations.noted is 'ours';
        create view app.history as select version from supabase_migrations.noted;
        create table app.spelled (state varchar check (state in ('open', 'closed')));
        set allow_system_table_mods = on;
        insert into pg_seclabel values ('app.spelled'::regclass, 'pg_class'::regclass, 0, 'nobody', 'labelled')`),
    );
    await use(database);
  });

/** As the library does by itself, on connections of its own; what is no part of the state is taken away by what its name holds. */
async function readOneByOne(
  settings: ConnectionSettings,
  role = settings.user,
): Promise<{ base: FactBase; serverVersion: string; notModelled: string[]; remarks: string[] }> {
  const pool = new pg.Pool({ ...settings, tls: undefined, ssl: false, max: 1, options: `-c role=${role}` } as pg.PoolConfig);
  try {
    const { factBase, pgVersion, diagnostics } = await extract(pool);
    const ours = (id: StableId) => /"(?:name|schema)":"supabase_migrations"/.test(JSON.stringify(id));
    const facts = factBase
      .facts()
      .filter(({ id }) => !ours(id))
      .map((fact) => (fact.id.kind === 'comment' ? fact : { ...fact, payload: spelledAnew(fact.payload) }));
    const edges = factBase.edges.filter(({ from, to }) => !ours(from) && !ours(to));
    return {
      base: buildFactBase(facts, edges),
      serverVersion: pgVersion,
      remarks: factBase.diagnostics.map(({ code }) => code),
      notModelled: diagnostics.filter(({ code }) => code === 'unmodeled_kind').map(({ message }) => message),
    };
  } finally {
    await pool.end();
  }
}

function spelledAnew<T>(payload: T): T {
  const text = JSON.stringify(payload, (_, value: unknown) => (typeof value === 'bigint' ? `bigint ${value}` : value));
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'string') return value;
    return value.startsWith('bigint ') ? BigInt(value.slice('bigint '.length)) : settleSpelling(value);
  }) as T;
}

/** What is sent from now on, and how often something was sent while no answer was awaited. */
function watch(client: pg.Client): { sent: string[]; trips: number } {
  const { connection } = client as unknown as { connection: EventEmitter };
  const query = client.query.bind(client) as (text: string) => Promise<pg.QueryResult>;
  const watched = { sent: [] as string[], trips: 0 };
  let awaited = 0;
  client.query = ((text: string) => {
    watched.sent.push(text);
    if (awaited === 0) watched.trips += 1;
    awaited += 1;
    return query(text);
  }) as typeof client.query;
  connection.on('readyForQuery', () => (awaited -= 1));
  return watched;
}

const errorOf = (failing: Promise<unknown>): Promise<unknown> =>
  failing.then(
    () => 'no error',
    (error: pg.DatabaseError) => ({ code: error.code, message: error.message, position: error.position, where: error.where }),
  );
