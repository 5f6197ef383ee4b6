import type pg from 'pg';
import type { Context } from '../context.ts';
import { failed, usage } from '../errors.ts';
import { readCopies, type KeptCopy } from '../kept/copies.ts';
import { readOnly } from '../kept/read-only.ts';
import { quoteName } from '../sql-names.ts';
import { withRunnerLock, lockKey } from '../target/lock.ts';
import { withTarget } from '../target/session.ts';
import { confirmByName } from './confirm.ts';
import { copyName, keptTable, runName } from './kept-table.ts';
import { count } from './text.ts';

/** What is to go. Times are milliseconds. */
export interface PruneOptions {
  /** Only copies older than that, such as 90d. */
  olderThan: string | undefined;
  /** Only copies that were put back, and wholly. */
  returnedOnly?: boolean;
  lockWaitMs?: number;
}

export interface Pruned {
  target: string;
  /** What went; empty when nothing was that old. */
  pruned: KeptCopy[];
  /** Copies that are as old and stay, for they were not put back, or not wholly (`returnedOnly`). */
  spared: number;
}

/**
 * Removes old copies for good, all that were shown or none. Throws a Problem: exit 2 for an age that can't be read, 3 when
 * nobody confirmed or another runner is at work, 1 when it failed and nothing changed.
 */
export async function pruneKept(context: Context, options: PruneOptions): Promise<Pruned> {
  const seconds = ageInSeconds(options.olderThan);
  const { settings } = context.config;
  return withTarget(context, ({ client, target }) =>
    withRunnerLock(client, options.lockWaitMs ?? settings.lockWaitMs, context.report, async () => {
      const copies = (await readOnly(client, settings.lockTimeoutMs, () => readCopies(client))) ?? [];
      const old = copies.filter(({ ageSeconds }) => ageSeconds > seconds);
      const pruned = options.returnedOnly ? old.filter((copy) => copy.putBack?.rowsLeft === 0) : old;
      const result = { target: target.name, pruned, spared: old.length - pruned.length };
      if (pruned.length === 0) return result;
      show(context, pruned);
      await confirmByName(context, target, `Remove ${count(pruned.length, 'copy', 'copies')} of kept rows from ${target.name} for good?`);
      await remove(client, settings.lockTimeoutMs, pruned);
      return result;
    }),
  );
}

const units: Record<string, number> = { h: 3600, d: 86_400, w: 604_800 };

function ageInSeconds(words: string | undefined): number {
  const match = /^\s*(\d+)\s*([hdw])\s*$/.exec(words ?? '');
  if (match) return Number(match[1]) * units[match[2]!]!;
  throw usage(
    'wrong_arguments',
    words === undefined
      ? 'kept prune takes an age: only copies older than that go.'
      : `--older-than takes an age such as 90d, not "${words}".`,
    {
      state: 'Nothing was changed.',
      next: 'Write it in hours, days or weeks: npx supasnap kept prune --older-than 90d',
    },
  );
}

function show({ report }: Context, copies: KeptCopy[]): void {
  for (const line of keptTable(copies).split('\n')) report.step(line);
  const { length: many } = copies;
  report.warn(
    `${many === 1 ? 'This copy goes' : `These ${many} copies go`} for good. Snapshots hold no rows: what was not put back is then nowhere else.`,
  );
  for (const copy of copies) {
    const need = stillNeeded(copy);
    if (need) report.warn(`  ${copy.id}, ${copyName(copy)}: ${need}`);
  }
  report.note('To keep one as a file: npx supasnap kept export <id>');
}

/** What would miss a copy; undefined when all of it was put back. */
function stillNeeded({ run, putBack }: KeptCopy): string | undefined {
  if (putBack)
    return putBack.rowsLeft > 0
      ? `${count(putBack.rowsLeft, 'row')} of it ${putBack.rowsLeft === 1 ? 'was' : 'were'} not put back by the ${putBack.run.kind} of ${putBack.run.appliedAt.slice(0, 10)}`
      : undefined;
  if (run.kind === 'migrate') return `not put back yet; a rollback of ${runName(run)} would need it`;
  return `not put back yet; ${run.undone.length > 0 ? `applying ${run.undone.join(', ')} again` : `undoing the ${runName(run)}`} would need it`;
}

/** All or none; it holds the runner's lock itself too, for a pooler may hand each transaction to another session. */
async function remove(client: pg.Client, lockTimeoutMs: number, copies: KeptCopy[]): Promise<void> {
  try {
    await client.query(
      `begin isolation level read committed; set local lock_timeout = ${lockTimeoutMs}; select pg_advisory_xact_lock(${lockKey})`,
    );
    await client.query(
      `update supabase_migrations.supasnap_runs set progress = coalesce(progress, '{}') || '{"keeps": "pruned"}'
       where id in (select run_id from supabase_migrations.supasnap_kept where relation = any($1) and returned_by is null)`,
      [copies.map(({ relation }) => relation)],
    );
    const { rowCount } = await client.query('delete from supabase_migrations.supasnap_kept where relation = any($1)', [
      copies.map(({ relation }) => relation),
    ]);
    if (rowCount !== copies.length) throw new Error('the list of copies was changed by someone else meanwhile');
    for (const { relation } of copies) await client.query(`drop table if exists supabase_migrations.${quoteName(relation)}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    const { message, code } = error as Error & { code?: string };
    throw failed('sql_failed', `The copies could not be removed: ${message}`, {
      state: 'Nothing was changed: all of them are still there.',
      next: next[code ?? ''] ?? 'Look at: npx supasnap kept list. Then run the command again.',
      cause: error,
    });
  }
}

const next: Record<string, string> = {
  '42501': 'Connect as the owner of the tables in schema supabase_migrations.',
  '55P03': 'Another session uses these copies. Wait until it is done, then run the command again.',
  '53200': 'They are too many for one transaction: remove the oldest first, with a greater --older-than.',
};
