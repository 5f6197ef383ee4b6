import type pg from 'pg';
import { failed, Problem } from '../errors.ts';
import { exactText } from './exact-text.ts';

/** Reads at one moment, in a transaction that can't change anything, with values as they are kept. Waits `lockTimeoutMs` for a lock. */
export async function readOnly<T>(client: pg.Client, lockTimeoutMs: number, read: () => Promise<T>): Promise<T> {
  try {
    await client.query(`begin isolation level repeatable read read only; set local lock_timeout = ${lockTimeoutMs};
      set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; ${exactText}; set local search_path = pg_catalog`);
    return await read();
  } catch (error) {
    throw unreadable(error);
  } finally {
    await client.query('rollback').catch(() => {});
  }
}

function unreadable(error: unknown): unknown {
  const { code, message, syscall } = error as Error & { code?: string; syscall?: string };
  // A file that can't be written is none of the server's errors.
  if (error instanceof Problem || syscall !== undefined) return error;
  const next: Record<string, string> = {
    '42501': 'Connect as the owner of the tables in schema supabase_migrations.',
    '55P03': 'A migrate, rollback or prune is at work there. Wait until it is done, then run the command again.',
    '42P01': 'Somebody removed the table. What there is: npx supasnap kept list',
  };
  return failed('sql_failed', `The kept rows can't be read: ${message}`, {
    state: 'Nothing was changed.',
    next: next[code ?? ''] ?? 'Look at: npx supasnap doctor',
    cause: error,
  });
}
