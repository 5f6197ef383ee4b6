import type { Run } from './history.ts';

/** How far a migration that is no single transaction has come. */
type Steps = { done?: number; begun?: number } | null;

/** What is in force after a run, the newest first: each migration, and versions that a rollback took out. */
type Past<R> = { run: R; before: Past<R> } | undefined;

/**
 * Migrations that stopped between their steps, newest first. `runs` are in the order of their numbers, `applied` what history records: a migration
 * that someone completed by hand and recorded is settled. A rollback leads to what was half done when its snapshot was taken.
 */
export function halfDone<R extends Pick<Run, 'kind' | 'version' | 'status' | 'undone' | 'progress' | 'snapshotBefore'>>(
  runs: R[],
  applied: { version: string }[],
): R[] {
  const atSnapshot = new Map<string, Past<R>>();
  let past: Past<R>;
  for (const [at, run] of runs.entries()) {
    const goal =
      run.kind === 'rollback' && run.version !== null && atSnapshot.has(run.version) ? { past: atSnapshot.get(run.version) } : undefined;
    // A rollback of several migrations is as many runs.
    if (run.snapshotBefore !== null && runs[at - 1]?.snapshotBefore !== run.snapshotBefore) atSnapshot.set(run.snapshotBefore, past);
    past = goal ? goal.past : { run, before: past };
  }
  const settled = new Set(applied.map(({ version }) => version));
  const found: R[] = [];
  for (; past; past = past.before) {
    const { kind, version, undone } = past.run;
    for (const one of kind === 'rollback' ? (undone ?? []) : version ? [version] : []) {
      if (kind === 'migrate' && !settled.has(one) && isHalfDone(past.run)) found.push(past.run);
      settled.add(one);
    }
  }
  return found;
}

function isHalfDone({ status, progress }: Pick<Run, 'status' | 'progress'>): boolean {
  const steps = progress as Steps;
  return status === 'applying' || (status === 'failed' && ((steps?.done ?? 0) > 0 || steps?.begun !== undefined));
}
