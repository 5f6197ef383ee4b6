import type pg from 'pg';

/** Reads at one moment, in one transaction that can't change anything; so it also works through a pooler in transaction mode. */
export async function atOneMoment<T>(client: pg.Client, read: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = 0');
  try {
    return await read();
  } finally {
    await client.query('rollback').catch(() => {});
  }
}
