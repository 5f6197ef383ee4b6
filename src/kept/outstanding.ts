import type { Run } from '../history/history.ts';

/** A run that put copies back: its number, and the runs that had made them. */
export interface Return {
  by: string;
  of: string;
}

type Brief = Pick<Run, 'id' | 'kind' | 'status' | 'version' | 'undone' | 'restored' | 'snapshotBefore' | 'snapshotAfter'>;

/** The runs since a snapshot was taken, but those that came to nothing. `runs` are in the order of their numbers. */
export function runsSince(snapshot: string, runs: Brief[]): Brief[] {
  let before = runs.findLastIndex(({ snapshotBefore }) => snapshotBefore === snapshot);
  // A rollback of several migrations is as many runs.
  while (before > 0 && runs[before - 1]!.snapshotBefore === snapshot) before--;
  const after = runs.findLastIndex(({ snapshotAfter }) => snapshotAfter === snapshot);
  if (before < 0 && after < 0) return [];
  return runs.slice(before >= 0 ? before : after + 1).filter(({ status }) => status !== 'undone');
}

/** Those of the runs `since` a state that still have to be undone to get the rows of then: one that another undid, and that other, leave nothing between them. */
export function outstandingOf(since: Brief[], returns: Return[]): string[] {
  const left: Brief[] = [];
  for (const run of since) {
    const putBack = new Set(returns.flatMap(({ by, of }) => (by === run.id ? [of] : [])));
    const undoes = (other: Brief): boolean =>
      putBack.has(other.id) ||
      (run.kind === 'rollback' && other.kind === 'migrate' && (run.undone ?? []).includes(other.version!)) ||
      (run.kind === 'rollback' && other.kind === 'rollback' && (run.restored ?? []).some((version) => other.undone?.includes(version))) ||
      (run.kind === 'migrate' && other.kind === 'rollback' && other.undone?.length === 1 && other.undone[0] === run.version);
    const kept = left.filter((other) => !undoes(other));
    if (kept.length === left.length) left.push(run);
    else left.splice(0, left.length, ...kept);
  }
  return left.map(({ id }) => id);
}
