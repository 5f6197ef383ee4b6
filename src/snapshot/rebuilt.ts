import { createHash } from 'node:crypto';
import type { StoredSnapshot } from './store.ts';
import { takenOut, type AppliedMigration, type History, type Run } from '../history/history.ts';

/** What history holds of the first migrations, as one sha256: a state that was rebuilt from them is theirs only. */
export const historyKey = (applied: AppliedMigration[]): string =>
  createHash('sha256')
    .update(JSON.stringify(applied.map(({ version, statements }) => [version, statements])))
    .digest('hex');

/** The snapshot before a migration: the one that its run took, else one that was rebuilt from the same history; undefined where there is none. */
export function snapshotBefore(version: string, history: History, snapshots: StoredSnapshot[]): StoredSnapshot | undefined {
  const runs = history.runs.filter((one) => one.kind === 'migrate' && one.version === version);
  // One that stopped between its steps may have been recorded by hand since.
  const run =
    runs.findLast(({ status }) => ['applied', 'done'].includes(status)) ??
    runs.findLast(({ status }) => ['failed', 'applying'].includes(status));
  const taken = run?.snapshotBefore ? snapshots.find(({ id }) => id === run.snapshotBefore) : undefined;
  const index = history.applied.findIndex((row) => row.version === version);
  return taken ?? (index < 0 ? undefined : rebuiltAfter(history.applied.slice(0, index), snapshots));
}

/** The snapshot that was rebuilt of the state after these migrations. */
export function rebuiltAfter(applied: AppliedMigration[], snapshots: StoredSnapshot[]): StoredSnapshot | undefined {
  if (!snapshots.some(({ manifest }) => manifest.rebuilt !== undefined)) return undefined;
  const key = historyKey(applied);
  return snapshots.findLast(({ manifest, inTarget, held }) => (inTarget || held) && manifest.rebuilt === key);
}

/** The snapshot that was rebuilt of the state after a migration which a rollback took out, with what is applied now and comes before it. */
export function rebuiltAfterTakenOut(version: string, history: History, snapshots: StoredSnapshot[]): StoredSnapshot | undefined {
  const rows = new Map([...takenOut(history), ...history.applied].map((row) => [row.version, row]));
  return rebuiltAfter(
    [...rows.values()].filter((row) => row.version <= version).sort((a, b) => (a.version < b.version ? -1 : 1)),
    snapshots,
  );
}

/** No run took a rebuilt snapshot: the runs since then begin with the first that applied one of what is undone. */
export function runsSinceRebuilt(undone: string[], runs: Run[]): Run[] {
  const first = runs.findIndex(
    ({ kind, version, restored }) => (kind === 'migrate' && undone.includes(version!)) || restored?.some((one) => undone.includes(one)),
  );
  return first < 0 ? [] : runs.slice(first).filter(({ status }) => status !== 'undone');
}
