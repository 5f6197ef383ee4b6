import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Reporter } from '../context.ts';
import { failed, Problem, refused } from '../errors.ts';
import { prepareHistory } from '../history/prepare.ts';
import { lockKey } from '../target/lock.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { timeoutStatements, type Timeouts } from './execute.ts';

/**
 * Begins the transaction that changes the target: it holds the runner's lock itself, keeps the Supabase CLI from
 * recording anything meanwhile, and finds the catalog to be the one rehearsed. Gives the transaction's number.
 */
export async function openApply(client: pg.Client, timeouts: Timeouts, expectedCheck: string, target: string): Promise<string> {
  await client.query(`begin isolation level read committed; ${timeoutStatements(timeouts)}; select pg_advisory_xact_lock(${lockKey})`);
  try {
    if ((await catalogCheck(client)) !== expectedCheck) {
      throw changedMeanwhile(target);
    }
    await prepareHistory(client);
    await client.query('lock table supabase_migrations.schema_migrations in share row exclusive mode');
    const { rows } = await client.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
    return rows[0]!.xid;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/**
 * After the change led elsewhere than the rehearsal: rolls back, and throws when that is because someone else changed the
 * schema meanwhile.
 */
export async function blameOthers(client: pg.Client, expectedCheck: string, target: string): Promise<void> {
  await client.query('rollback');
  if ((await catalogCheck(client)) !== expectedCheck) throw changedMeanwhile(target);
}

const changedMeanwhile = (target: string) =>
  refused('changed_meanwhile', 'The target was changed by someone else between the rehearsal and now.', {
    state: `Nothing was changed on ${target} by this run.`,
    next: 'Run the command again; it rehearses on the state of now.',
  });

/** Tries again, after a growing and jittered pause, while someone else holds a lock that the change needs. */
export async function withLockRetries<T>(
  settings: { lockRetries: number; lockTimeoutMs: number; platformLockTimeoutMs: number },
  report: Reporter,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (tries >= settings.lockRetries) throw lockedOut(error, settings, tries + 1);
      const pause = Math.min(5_000, 200 * 2 ** tries) * (0.5 + Math.random());
      report.note(
        `A lock was not given within ${settings.lockTimeoutMs} ms; nothing was changed. Trying again (${tries + 1} of ${settings.lockRetries}) …`,
      );
      await sleep(pause);
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Problem ? codeOf(error.cause ?? {}) : (error as { code?: string }).code;

/** A lock was not given in time (55P03, or `waitedTooLong`), or two sessions waited for each other. */
const isLockTimeout = (error: unknown) => codeOf(error) === '55P03' || codeOf(error) === '40P01';

const lockedOut = (
  error: unknown,
  { lockTimeoutMs, platformLockTimeoutMs }: { lockTimeoutMs: number; platformLockTimeoutMs: number },
  tries: number,
) =>
  failed(
    'lock_timeout',
    `Other sessions hold locks that this change needs; ${tries === 1 ? `1 try of ${lockTimeoutMs} ms` : `${tries} tries of ${lockTimeoutMs} ms each`} got none.`,
    {
      place: error instanceof Problem ? error.place : undefined,
      state: 'Nothing was changed: each try was rolled back.',
      next: `Run it at a quieter time, end the sessions that block, or allow more time with ${lockTimeoutMs === platformLockTimeoutMs ? 'platform_lock_timeout' : 'lock_timeout'} in supabase/supasnap.toml or in the file's header: nothing that reads those tables waits longer than that.`,
      cause: error,
    },
  );
