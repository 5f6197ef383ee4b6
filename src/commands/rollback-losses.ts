import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import type { Destroyed } from '../transition/plan.ts';

/** What a rollback destroys: how many rows of a table, or values of a column that are not null. */
export interface Loss {
  what: string;
  rows: number;
  /** True where counting took too long and the planner's estimate is shown. */
  estimated: boolean;
}

const patienceMs = 5_000;

/** Counts what is about to be lost, each table for five seconds at most. */
export async function countLosses(client: pg.Client, destroys: Destroyed[]): Promise<Loss[]> {
  const losses: Loss[] = [];
  for (const thing of destroys) {
    const table = `${quoteName(thing.schema)}.${quoteName(thing.table)}`;
    const counted = await count(client, `select count(${thing.column === undefined ? '*' : quoteName(thing.column)}) as rows from ${table}`);
    if (counted !== undefined) losses.push({ what: thing.what, rows: counted, estimated: false });
    else losses.push({ what: thing.what, rows: await estimate(client, table), estimated: true });
  }
  return losses;
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
  const { rows } = await client.query<{ rows: number }>('select greatest(reltuples, 0)::bigint as rows from pg_class where oid = to_regclass($1)', [table]);
  return Number(rows[0]?.rows ?? 0);
}
