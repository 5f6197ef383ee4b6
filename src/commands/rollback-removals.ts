import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import { readShapes } from '../kept/shape.ts';
import type { Effects } from '../kept/effects.ts';
import { tableName } from '../kept/item.ts';

/** What a rollback takes out of the tables and keeps: how many rows of a table, or values of a column that are not null. */
export interface Removal {
  what: string;
  rows: number;
  /** True where counting took too long and the planner's estimate is shown. */
  estimated: boolean;
}

const patienceMs = 5_000;

/** Counts what is about to be removed, each table for five seconds at most. */
export async function countRemovals(client: pg.Client, effects: Effects[]): Promise<Removal[]> {
  const live = new Map([...(await readShapes(client)).values()].map((shape) => [tableName(shape), shape]));
  const removals = new Map<string, Removal>();
  for (const { dropped, doomed } of effects) {
    for (const name of dropped) {
      const shape = live.get(name);
      if (shape && !shape.root) await add(`table ${shape.schema}.${shape.name}`, name, '*');
    }
    for (const [name, columns] of Object.entries(doomed)) {
      const shape = live.get(name);
      for (const { column, dropped: goes } of columns) {
        if (goes && shape?.columns.some((one) => one.name === column))
          await add(`column ${shape.schema}.${shape.name}.${column}`, name, quoteName(column));
      }
    }
  }
  return [...removals.values()];

  async function add(what: string, table: string, counted: string): Promise<void> {
    const exact = await count(client, `select count(${counted}) as rows from ${table}`);
    removals.set(
      what,
      exact === undefined ? { what, rows: await estimate(client, table), estimated: true } : { what, rows: exact, estimated: false },
    );
  }
}

async function count(client: pg.Client, sql: string): Promise<number | undefined> {
  await client.query(`begin read only; set local statement_timeout = ${patienceMs}`);
  try {
    const { rows } = await client.query<{ rows: string }>(sql);
    return Number(rows[0]!.rows);
  } catch {
    return undefined;
  } finally {
    await client.query('rollback');
  }
}

async function estimate(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    'select greatest(reltuples, 0)::bigint as rows from pg_class where oid = to_regclass($1)',
    [table],
  );
  return Number(rows[0]?.rows ?? 0);
}
