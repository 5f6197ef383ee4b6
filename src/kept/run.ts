import type pg from 'pg';
import type { Effects } from './effects.ts';
import type { KeptItem } from './item.ts';
import { keepAfter, keepBefore, lockForKeeping, unexplained, type Keeping } from './keep.ts';
import { checkForeignKeys, markUnchanged, putBack, returnBeforeConversion, type PutBackReport } from './put-back.ts';
import { withQuietTriggers } from './quiet.ts';
import { bringBack, setAside, type Aside } from './set-aside.ts';

/** A change that writes rows which nobody foresaw: the transaction is rolled back and tried again with these tables kept too. */
export class Unforeseen extends Error {
  readonly tables: string[];

  constructor(tables: string[]) {
    super(`rows of ${tables.join(', ')} were changed without having been kept`);
    this.tables = tables;
  }
}

export interface KeepingRun {
  effects: Effects;
  /** Copies of the runs that this one undoes, newest first, each run's in one list. */
  undoing: KeptItem[][];
  /** What makes room for returning rows, and what they must satisfy. */
  early: () => Promise<void>;
  late: () => Promise<void>;
  /** The transaction of the rollback that this run follows: rows from before it are set aside meanwhile. */
  after?: string;
  /** What to say when returning rows break a foreign key. */
  state: string;
}

/**
 * Carries a change out inside the open transaction so that nothing is lost: what it destroys or changes is copied first, what
 * the opposite change destroyed is put back, and every row that was written is accounted for. Throws Unforeseen otherwise.
 */
export async function runKeeping(client: pg.Client, run: KeepingRun): Promise<{ kept: KeptItem[]; reports: PutBackReport[] }> {
  const undoing = run.undoing.flat();
  await lockForKeeping(client, run.effects);
  const keeping = await keepBefore(client, run.effects, undoing);
  await markUnchanged(client, undoing);
  await returnBeforeConversion(client, undoing, run.effects);
  const aside = await runAside(client, run, keeping);
  const missed = await unexplained(client, keeping, run.effects);
  if (missed.length > 0) throw new Unforeseen(missed);
  const reports: PutBackReport[] = [];
  if (undoing.length > 0 || aside) {
    await withQuietTriggers(client, async () => {
      if (aside) await bringBack(client, aside);
      for (const items of run.undoing) reports.push(...(await putBack(client, items)));
    });
  }
  await run.late();
  await checkForeignKeys(client, reports, run.state);
  return { kept: await keepAfter(client, keeping, undoing), reports };
}

/** Runs the change; again after a rollback, first without the rows that it has seen, and with them where it can't do without. */
async function runAside(client: pg.Client, run: KeepingRun, keeping: Keeping): Promise<Aside | undefined> {
  if (run.after === undefined || run.effects.written.length === 0) {
    await run.early();
    return undefined;
  }
  await client.query('savepoint supasnap_aside');
  try {
    const aside = await setAside(client, keeping, run.effects, run.after);
    await run.early();
    await client.query('release savepoint supasnap_aside');
    return aside;
  } catch {
    await client.query('rollback to savepoint supasnap_aside; release savepoint supasnap_aside');
    await run.early();
    return undefined;
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
      if (wider.written.length === known.written.length) throw error;
      known = wider;
    }
  }
}
