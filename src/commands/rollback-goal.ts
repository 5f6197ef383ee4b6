import { basename } from 'node:path';
import { nearest } from '../config/nearest.ts';
import { exitCodes, Problem, refused, usage } from '../errors.ts';
import { halfDone } from '../history/half-done.ts';
import { type AppliedMigration, type History, inOrderApplied, isBaseline } from '../history/history.ts';
import { rebuiltAfter, snapshotBefore } from '../snapshot/rebuilt.ts';
import { compareVersions, migrationName } from '../migration/file-name.ts';
import type { StoredSnapshot } from '../snapshot/store.ts';

/** Where a rollback leads: a snapshot, and why that one. */
export interface Goal {
  snapshot: StoredSnapshot;
  /** In words: "the state before 20251027140000_v0_8_0_collaboration". */
  what: string;
}

export interface GoalWords {
  to?: string;
  steps?: number;
}

/** Exit 3: no snapshot of that state was taken. It may be rebuilt by replaying history, for all migrations from `from` on. */
export class SnapshotMissing extends Problem {
  readonly from: string | undefined;

  constructor(moment: string, from: string | undefined) {
    super(exitCodes.refused, 'snapshot_missing', `There is no snapshot of the state ${moment}.`, {
      detail: ['It was applied by another tool, or its snapshot is gone from the folder and from the target.'],
      state: nothing,
      next: list,
    });
    this.from = from;
  }
}

const fileEnding = /\.(sql|json|facts\.json\.gz)$/;
const list = 'All snapshots: npx supasnap rollback --list';
const nothing = 'Nothing was changed.';

/** Finds the snapshot that is meant: by name, path, version, a migration's timestamp, or a number of steps. */
export function findGoal(words: GoalWords, history: History, snapshots: StoredSnapshot[]): Goal {
  if (words.steps !== undefined && words.to !== undefined)
    throw usage('wrong_arguments', '--steps and a snapshot name two goals.', { state: nothing, next: 'Give one of them.' });
  if (words.steps !== undefined) return stepsBack(words.steps, history, snapshots);
  if (words.to === undefined)
    throw usage('wrong_arguments', 'Say what to go back to.', { state: nothing, next: `${list}. Then: npx supasnap rollback <snapshot>` });
  const to = basename(words.to.trim()).replace(fileEnding, '');
  // A file is that one, whatever came later under its name.
  const byFile = fileEnding.test(words.to.trim()) ? snapshots.find(({ id }) => id === to) : undefined;
  if (byFile) return { snapshot: byFile, what: `snapshot ${byFile.id}` };
  const bySnapshot = newestOf(to, snapshots);
  if (/^v\d+\.\d+\.\d+$/.test(to)) return afterRelease(to, history, snapshots);
  if (/^\d+$/.test(to)) return beforeMigration(to, history, snapshots);
  if (bySnapshot) return { snapshot: bySnapshot, what: `snapshot ${bySnapshot.id}` };
  const version = versionOfFile(to, history);
  if (version !== undefined) return beforeMigration(version, history, snapshots);
  const releases = [...new Set(history.applied.flatMap((row) => releaseOf(row) ?? []))];
  const near = releases.findLast((release) => release.startsWith(`${to}.`)) ?? nearest(to, [...snapshots.map(({ id }) => id), ...releases]);
  throw usage('snapshot_missing', `There is no snapshot ${to}.`, { state: nothing, next: near ? `Did you mean ${near}? ${list}` : list });
}

/** A migration file or its rollback file means: back to before that migration. */
function versionOfFile(name: string, { applied }: History): string | undefined {
  const version = /^(\d+)_/.exec(name)?.[1];
  const row = applied.find((one) => one.version === version);
  return row && [`${version}_rollback`, nameOf(row)].includes(name) ? version : undefined;
}

const nameOf = ({ version, name }: AppliedMigration): string => [version, name].filter(Boolean).join('_');
const releaseOf = ({ version, name }: AppliedMigration): string | undefined => migrationName(`${version}_${name ?? ''}.sql`)?.release;

/** The plain name means the newest of that name which this target has been in, for the folder may hold those of others; `name.1` is the first. */
function newestOf(id: string, snapshots: StoredSnapshot[]): StoredSnapshot | undefined {
  const numbered = /^(.*)\.(\d+)$/.exec(id);
  const exact = numbered && snapshots.find(({ manifest }) => manifest.name === numbered[1] && manifest.copy === Number(numbered[2]));
  if (exact) return exact;
  const named = snapshots.filter(({ manifest }) => manifest.name === id).sort((a, b) => b.manifest.copy - a.manifest.copy);
  return named.find(({ inTarget }) => inTarget) ?? named[0];
}

function afterRelease(release: string, history: History, snapshots: StoredSnapshot[]): Goal {
  const order = inOrderApplied(history);
  const last = order.findLast((row) => releaseOf(row) === release)?.version;
  const earlier = order
    .slice(
      0,
      order.findIndex(({ version }) => version === last),
    )
    .filter((row) => compareVersions(row.version, last!) > 0);
  if (last && earlier.length > 0)
    throw refused('out_of_order', `${release} was applied after ${earlier.map(nameOf).join(', ')}: it was never the newest here.`, {
      state: nothing,
      next: order.at(-1)!.version === last ? `To undo ${last} alone: npx supasnap rollback --steps 1. ${list}` : list,
    });
  const place = history.applied.findIndex(({ version }) => version === last) + 1;
  const snapshot = last && (newestOf(`${release}_${last}_after`, snapshots) ?? rebuiltAfter(history.applied.slice(0, place), snapshots));
  if (snapshot) return { snapshot, what: `${release}, as it was after ${last}` };
  if (last) throw new SnapshotMissing(`after ${last}, the last migration of ${release}`, history.applied[place]?.version);
  const after = snapshots.filter(({ manifest }) => manifest.name.startsWith(`${release}_`) && manifest.name.endsWith('_after'));
  const known = after.findLast(({ inTarget }) => inTarget) ?? after.at(-1);
  if (known) return { snapshot: known, what: `${release}, as it was at ${known.manifest.takenAt}` };
  throw usage('not_applied', `No migration of ${release} is applied, and no snapshot of it is known.`, { state: nothing, next: list });
}

function beforeMigration(version: string, history: History, snapshots: StoredSnapshot[]): Goal {
  const order = inOrderApplied(history);
  const index = order.findIndex((row) => row.version === version);
  if (index === -1) {
    const snapshot = newestOf(version, snapshots);
    if (snapshot) return { snapshot, what: `snapshot ${snapshot.id}` };
    throw usage('not_applied', `Migration ${version} is not applied.`, { state: nothing, next: 'What is applied: npx supasnap status' });
  }
  const newer = order.slice(index + 1);
  const snapshot = snapshotBefore(version, history, snapshots);
  if (newer.length > 0) {
    throw refused(
      'out_of_order',
      `${newer.length} migration${newer.length === 1 ? ' was' : 's were'} applied after ${version}: ${newer.map((row) => row.version).join(', ')}.`,
      {
        detail: ['A migration can be undone alone only while it is the last that was applied.'],
        state: nothing,
        next: `To undo it and those: npx supasnap rollback ${!snapshot || snapshot.id === version ? `--steps ${newer.length + 1}` : snapshot.id}`,
      },
    );
  }
  if (!snapshot) throw missingBefore(version, history);
  return { snapshot, what: `the state before ${nameOf(order[index]!)}` };
}

function stepsBack(steps: number, history: History, snapshots: StoredSnapshot[]): Goal {
  if (!Number.isInteger(steps) || steps < 1)
    throw usage('wrong_arguments', '--steps takes a whole number from 1.', {
      state: nothing,
      next: 'For the last one: npx supasnap rollback --steps 1',
    });
  const open = halfDone(history.runs, history.applied).at(0);
  if (open && steps === 1) {
    const snapshot = snapshots.find(({ id }) => id === open.snapshotBefore);
    if (!snapshot) throw new SnapshotMissing(`before ${open.version}`, undefined);
    return { snapshot, what: `the state before ${[open.version, open.name].filter(Boolean).join('_')}, which stopped between its steps` };
  }
  const row = inOrderApplied(history).at(open ? 1 - steps : -steps);
  if (!row)
    throw usage('not_applied', `Only ${history.applied.length} migration${history.applied.length === 1 ? ' is' : 's are'} applied.`, {
      state: nothing,
      next: 'What is applied: npx supasnap status',
    });
  const snapshot = snapshotBefore(row.version, history, snapshots);
  if (!snapshot) throw missingBefore(row.version, history);
  return { snapshot, what: `the state before ${nameOf(row)}` };
}

const missingBefore = (version: string, history: History): Problem =>
  isBaseline(version, history)
    ? refused('snapshot_missing', `${version} is the baseline with which this history begins: nothing stands before it.`, {
        state: nothing,
        next: list,
      })
    : new SnapshotMissing(`before ${version}`, version);
