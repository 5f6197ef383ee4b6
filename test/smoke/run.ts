import type pg from 'pg';
import { withClient } from '../../src/target/connection.ts';
import { parseExpectations } from '../../src/smoke/expectations.ts';
import { parseSmokeTest } from '../../src/smoke/parse-test.ts';
import { runSmokeTest, runSmokeTestInTransaction, type SmokeOptions } from '../../src/smoke/run-test.ts';
import { withDatabase } from '../postgres/database.ts';

export const file = 'supabase/tests/v0.7.0_smoke_test.sql';

/** A client of a fresh database, as postgres. */
export const withFreshClient = <T>(major: number, use: (client: pg.Client) => Promise<T>) =>
  withDatabase(major, ({ settings }) => withClient(settings, use));

/** Runs a test's text in a transaction of its own. */
export async function run(client: pg.Client, sql: string, { toml, ...options }: SmokeOptions & { toml?: string } = {}) {
  const expectations = toml === undefined ? undefined : parseExpectations('v0.7.0_expect.toml', toml);
  return runSmokeTest(client, await parseSmokeTest(file, sql), expectations, options);
}

/** Runs a test's text in the transaction that the client is in. */
export async function runWithin(client: pg.Client, sql: string) {
  return runSmokeTestInTransaction(client, await parseSmokeTest(file, sql));
}

/** The first value of the first row. */
export async function firstValue(client: pg.Client, sql: string): Promise<unknown> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}
