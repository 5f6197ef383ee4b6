import type pg from 'pg';
import { attention, failed, Problem } from '../errors.ts';
import { changedByCasts, type ChangedByCast } from './casts.ts';
import { keepCost, refuseTooMuch } from './cost.ts';
import type { Effects } from './effects.ts';
import { onlyFills, tableName, type KeptItem } from './item.ts';
import { keepAfter, keepBefore, readCounters, unexplained, writtenBeyond, type Keeping } from './keep.ts';
import { lockForKeeping, lockForReturning } from './locks.ts';
import { readFilledViews, refreshFilled } from './materialized-views.ts';
import {
  amendKept,
  carryOver,
  checkConstraints,
  markUnchanged,
  putBack,
  returnBeforeConversion,
  type Marks,
  type PutBackReport,
  type Waiting,
} from './put-back.ts';
import { withQuietTriggers } from './quiet.ts';
import { recordReturned } from './record.ts';
import { bringBack, setAside, type Aside, type Seen } from './set-aside.ts';

/** A change that writes rows which nobody foresaw: the transaction is rolled back and tried again with these tables kept too. */
export class Unforeseen extends Error {
  readonly tables: string[];

  constructor(tables: string[]) {
    super(`rows of ${tables.join(', ')} were changed without having been kept`);
    this.tables = tables;
  }
}

export type KeepData = 'auto' | 'always' | 'never';

export interface KeepingRun {
  effects: Effects;
  /** `auto` asks above `limitBytes`; `never` lets the rows go. */
  keepData: KeepData;
  limitBytes: number;
  /** Copies of the runs that this one undoes, newest first, each run's in one list. */
  undoing: KeptItem[][];
  /** Changes of rows that a person asked for, before anything else. */
  prepare?: () => Promise<void>;
  /** A table that the change drops and makes again under its name is to keep its rows. */
  carry?: boolean;
  /** What makes room for returning rows, and what they must satisfy. */
  early: () => Promise<void>;
  late?: () => Promise<void>;
  /** Which rows the rollback that this run follows had left: they are set aside meanwhile. */
  after?: Seen;
  /** Is told which values of users a cast to another type changed, and throws where that is not wanted. */
  onCasts?: (changed: ChangedByCast[]) => void;
  /** Whether an earlier step of this run made the table of that key. */
  ownTable?: (key: string) => boolean;
  /** What to say when returning rows break a foreign key. */
  state: string;
}

/** What came of a run: the copies it left, what it put back, and whether rows can be put back only after COMMIT. */
export interface Kept {
  kept: KeptItem[];
  reports: PutBackReport[];
  later: boolean;
  waiting: Waiting;
  /** The transaction's parts in which rows came back: those are no new rows for what is applied next. */
  parts: string[];
}

/**
 * Carries a change out inside the open transaction so that nothing is lost: what it destroys or changes is copied first, what
 * the opposite change destroyed is put back, and every row that was written is accounted for. Throws Unforeseen otherwise.
 */
export async function runKeeping(client: pg.Client, run: KeepingRun): Promise<Kept> {
  const undoing = run.undoing.flat();
  if (run.keepData === 'never') return runWithout(client, run);
  await lockForKeeping(client, run.effects, undoing);
  if (run.keepData === 'auto') refuseTooMuch(await keepCost(client, [run.effects]), run.limitBytes, run.state);
  const views = undoing.length > 0 || run.after ? await readFilledViews(client) : undefined;
  const keeping = await keepBefore(client, run.effects, undoing);
  const marks = await markUnchanged(client, undoing);
  await run.prepare?.();
  await returnBeforeConversion(client, undoing, run.effects, marks);
  const aside = await runAside(client, run, keeping);
  const missed = await unexplained(client, keeping, run.effects);
  if (missed.length > 0) throw new Unforeseen(missed);
  if (run.carry && keeping.items.some(({ fate }) => fate === 'dropped'))
    await withQuietTriggers(client, [], run.state, () => carryOver(client, keeping, run.state));
  const brought =
    aside &&
    (await orRefused(run.state, () =>
      unlessNewLabel(client, () =>
        withQuietTriggers(
          client,
          aside.items.map(({ table }) => tableName(table)),
          run.state,
          () => bringBack(client, aside, undoing, marks),
        ),
      ),
    ));
  if (brought?.later) await withQuietTriggers(client, [], run.state, () => bringBack(client, aside!, [], marks));
  const { reports, later, parts } = await returnUnlessLabel(client, run, {
    ...marks,
    again: {
      nothingNew: aside?.allOld ?? false,
      movesNothing: (aside?.allOld ?? false) || !keeping.items.some(({ whole, fate }) => whole || fate === 'dropped'),
    },
  });
  if (run.late) await accounted(client, keeping, run.late);
  if (views) await refreshFilled(client, views);
  await checkConstraints(client, reports, run.state);
  run.onCasts?.(await changedByCasts(client, keeping, undoing, marks));
  return {
    kept: await keepAfter(client, keeping, undoing, run.ownTable),
    reports,
    later: later || (brought?.later ?? false),
    waiting: marks.waiting,
    parts: [...parts, ...(brought?.parts ?? [])],
  };
}

/** The change with no copies taken: what it destroys is gone. What was kept earlier returns all the same. */
async function runWithout(client: pg.Client, run: KeepingRun): Promise<Kept> {
  await lockForKeeping(client, run.effects, run.undoing.flat());
  const views = run.undoing.length > 0 ? await readFilledViews(client) : undefined;
  const marks = await markUnchanged(client, run.undoing.flat());
  await run.prepare?.();
  await returnBeforeConversion(client, run.undoing.flat(), run.effects, marks);
  await run.early();
  const { reports, later } = await returnUnlessLabel(client, run, marks);
  await run.late?.();
  if (views) await refreshFilled(client, views);
  await checkConstraints(client, reports, run.state);
  return { kept: [], reports, later, waiting: marks.waiting, parts: [] };
}

/** Kept rows return, or all of them have to wait for the COMMIT of a label that they use. */
async function returnUnlessLabel(client: pg.Client, { undoing, state }: KeepingRun, marks: Marks): Promise<Omit<Kept, 'kept' | 'waiting'>> {
  if (undoing.length === 0) return { reports: [], later: false, parts: [] };
  const { result, later, parts } = await orRefused(state, () => unlessNewLabel(client, () => returnRows(client, undoing, marks, state)));
  return { reports: result ?? [], later, parts };
}

/** Rows that a person lets go, or fills, reach others through foreign keys and triggers: throws Unforeseen where those are not kept whole. */
async function accounted(client: pg.Client, keeping: Keeping, write: () => Promise<void>): Promise<void> {
  const since = await readCounters(client);
  await write();
  const missed = await writtenBeyond(client, keeping, since);
  if (missed.length > 0) throw new Unforeseen(missed);
}

/** A label that ALTER TYPE … ADD VALUE brought can be used only after COMMIT. */
export const unsafeNewLabel = '55P04';

/** What `use` gives, or `later` where it can be done only after COMMIT: then nothing of it stays. */
async function unlessNewLabel<T>(client: pg.Client, use: () => Promise<T>): Promise<{ result?: T; later: boolean; parts: string[] }> {
  const before = await ownParts(client);
  await client.query('savepoint supasnap_return');
  try {
    const result = await use();
    const parts = (await ownParts(client)).filter((part) => !before.includes(part));
    await client.query('release savepoint supasnap_return');
    return { result, later: false, parts };
  } catch (error) {
    if ((error as { code?: string }).code !== unsafeNewLabel) throw error;
    await client.query('rollback to savepoint supasnap_return; release savepoint supasnap_return');
    return { later: true, parts: [] };
  }
}

/** The numbers of this transaction and of its parts; each part that wrote has one of its own, which its rows carry. */
async function ownParts(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ part: string }>(
    "select transactionid::text as part from pg_locks where locktype = 'transactionid' and pid = pg_backend_pid() and granted and mode = 'ExclusiveLock'",
  );
  return rows.map(({ part }) => part);
}

/** The server refuses kept rows as they meet what users wrote since: what it says, and that nothing was changed. */
async function orRefused<T>(state: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const { severity, code, message, detail } = error as { severity?: string; code?: string; message: string; detail?: string };
    if (error instanceof Problem || severity === undefined || code === unsafeNewLabel) throw error;
    throw failed('row_conflict', `Kept rows could not be put back: ${message} (${code})`, {
      detail: detail ? [detail] : [],
      state,
      next:
        code === '23505'
          ? 'Rows written since use a value that must be unique. Give them another one, then run the command again.'
          : 'Change the rows it names so that they fit, then run the command again.',
      cause: error,
    });
  }
}

async function returnRows(client: pg.Client, undoing: KeptItem[][], marks: Marks, state: string): Promise<PutBackReport[]> {
  const reports: PutBackReport[] = [];
  const changing = undoing.flat().filter((item) => !onlyFills(item) && (item.fate === 'stays' || item.fate === 'dropped'));
  await withQuietTriggers(
    client,
    changing.map(({ table }) => tableName(table)),
    state,
    async () => {
      for (const items of undoing) reports.push(...(await putBack(client, items, marks)));
    },
  );
  return reports;
}

/** A rollback in a transaction that will not be committed: kept rows return where they would, and nothing more is kept. */
export async function runReturning(
  client: pg.Client,
  undoing: KeptItem[][],
  early: () => Promise<void>,
  late: () => Promise<void>,
): Promise<void> {
  const marks = await markUnchanged(client, undoing.flat());
  await early();
  await returnRows(client, undoing, marks, 'Nothing was changed.');
  await late();
}

/** Puts rows back in a transaction of its own, after the one that brought the labels they use; the run is noted as having done so. */
export async function returnLater(
  client: pg.Client,
  runId: string,
  undoing: KeptItem[][],
  kept: KeptItem[],
  begin: string,
): Promise<PutBackReport[]> {
  const state = 'The schema is changed and recorded; the rows are kept and not put back yet.';
  await client.query(`begin; ${begin}`);
  try {
    await lockForReturning(client, undoing.flat());
    const marks = await markUnchanged(client, undoing.flat());
    const reports = await returnRows(client, undoing, marks, state);
    await amendKept(client, kept, undoing.flat(), marks);
    await checkConstraints(client, reports, state);
    await recordReturned(client, runId, undoing.flat(), reports, marks.waiting);
    await client.query('commit');
    return reports;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw attention('row_conflict', `Rows that use a new label could not be put back: ${(error as Error).message}`, {
      state,
      next: 'Look at: npx supasnap status',
      cause: error,
    });
  }
}

/** Runs the change; again after a rollback, first without the rows that it has seen, and with them where it can't do without. */
async function runAside(client: pg.Client, run: KeepingRun, keeping: Keeping): Promise<Aside | undefined> {
  if (run.after === undefined || !keeping.items.some(({ whole }) => whole)) {
    await run.early();
    return undefined;
  }
  await client.query('savepoint supasnap_aside');
  try {
    const aside = await setAside(client, keeping, run.after, true, run.state);
    await run.early();
    await client.query('release savepoint supasnap_aside');
    return aside;
  } catch {
    await client.query('rollback to savepoint supasnap_aside; release savepoint supasnap_aside');
    const aside = await setAside(client, keeping, run.after, false, run.state);
    await run.early();
    return aside;
  }
}

/** Tries again with what was unforeseen, each time with more tables kept; `attempt` runs a whole transaction. */
export async function withForesight<T>(effects: Effects, attempt: (effects: Effects) => Promise<T>): Promise<T> {
  for (let known = effects; ; ) {
    try {
      return await attempt(known);
    } catch (error) {
      if (!(error instanceof Unforeseen)) throw error;
      const wider = { ...known, written: [...new Set([...known.written, ...error.tables])] };
      if (wider.written.length === known.written.length)
        throw failed('cannot_keep', `The server counts changes of ${error.tables.join(', ')} that could not be kept.`, {
          state: 'Nothing was changed: each try was rolled back.',
          next: 'Let those rows go for good with --keep-data never, or split the file.',
          cause: error,
        });
      known = wider;
    }
  }
}
