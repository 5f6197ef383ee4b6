import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ErrorCode } from '../error-codes.ts';
import { attention, exitCodes, OutcomeUnknown, Problem } from '../errors.ts';
import { type ConnectionError, isLostConnection } from '../target/connection-problem.ts';
import { withClient } from '../target/connection.ts';
import { interrupted, interruption, letAsk } from '../target/interrupt.ts';
import { lockKey } from '../target/lock.ts';
import type { TargetSession } from '../target/session.ts';

/** How long the server may take to answer again and to end what was at work, in milliseconds. */
const patienceMs = 15_000;

/**
 * Runs what changes the target. When that throws, the target is asked whether the change was committed all the same: the error
 * then says so, and its exit code too. `what` is the subject of a sentence, such as a file's path; `resumed` the number of the run that it goes on with.
 */
export async function knowingWhatCameOfIt<T>(
  session: TargetSession,
  what: string,
  change: () => Promise<T>,
  { resumed }: { resumed?: string } = {},
): Promise<T> {
  const before = resumed === undefined ? await lastRun(session.client) : undefined;
  try {
    return await change();
  } catch (error) {
    if (error instanceof Problem && error.exitCode === exitCodes.attention) throw error;
    throw told(error as Error & { code?: string }, what, session.target.name, before, await askAgain(session, resumed));
  }
}

interface LastRun {
  id: string;
  status: string;
}

function told(
  error: Error & { code?: string },
  what: string,
  target: string,
  before: LastRun | undefined,
  now: LastRun | undefined | 'no answer',
): Error {
  const problem = error instanceof Problem && !interrupted.aborted ? error : undefined;
  const message = interrupted.aborted
    ? interruption().message
    : (problem?.message ?? `${error.message}${error.code ? ` (${error.code})` : ''}.`);
  const details = (state: string, next: string) => ({ place: problem?.place, detail: problem?.detail, state, next, cause: error });
  const status = 'npx supasnap status';
  if (now === 'no answer') {
    return new OutcomeUnknown(
      message,
      details(`${target} does not answer any more; it is not known whether ${what} was committed.`, `Look at: ${status}`),
    );
  }
  const committed = now !== undefined && now.id !== before?.id;
  if (!committed && problem?.state) return problem;
  if (!committed)
    return new Problem(
      problem?.exitCode ?? exitCodes.failed,
      problem?.code ?? codeOf(error),
      message,
      details(
        `Nothing was changed on ${target}${problem ? '' : ': the server rolled the transaction back'}.`,
        problem?.next ?? 'Run the same command again.',
      ),
    );
  if (now.status !== 'applied' && now.status !== 'done')
    return problem ?? attention('unfinished_run', message, details(`${what} was at work outside a transaction.`, `Look at: ${status}`));
  return attention(
    'cut_off',
    message,
    details(
      `${what} is committed and recorded on ${target}; what comes after that was cut off.`,
      `Nothing has to be mended. To see where things are: ${status}`,
    ),
  );
}

/** Of an error that nobody has put into words yet. */
function codeOf(error: ConnectionError): ErrorCode {
  if (interrupted.aborted) return 'interrupted';
  if (isLostConnection(error)) return 'connection_lost';
  return error instanceof pg.DatabaseError ? 'sql_failed' : 'internal';
}

/** Over the connection that is there; where it is lost, over a new one. */
async function askAgain({ client, target }: TargetSession, own: string | undefined): Promise<LastRun | undefined | 'no answer'> {
  try {
    letAsk(client);
    await client.query('rollback; reset role');
    return await lastRun(client, own);
  } catch {
    return askAnew(target, own);
  }
}

/** Once the runner's lock is free, the transaction that held it is over, one way or the other. */
async function askAnew(target: TargetSession['target'], own: string | undefined): Promise<LastRun | undefined | 'no answer'> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(200)) {
    try {
      return await withClient(
        target.settings,
        async (client) => {
          await client.query(`begin; set local lock_timeout = ${patienceMs}; select pg_advisory_xact_lock(${lockKey})`);
          return lastRun(client, own);
        },
        { afterInterruption: true },
      );
    } catch {
      // It may be recovering; the next look tells.
    }
  }
  return 'no answer';
}

/** The newest run, or the one of that number. */
async function lastRun(client: pg.Client, own?: string): Promise<LastRun | undefined> {
  const { rows: there } = await client.query("select where to_regclass('supabase_migrations.supasnap_runs') is not null");
  if (there.length === 0) return undefined;
  const { rows } = await client.query<LastRun>(
    'select id, status from supabase_migrations.supasnap_runs where $1::bigint is null or id = $1 order by id desc limit 1',
    [own ?? null],
  );
  return rows[0];
}
