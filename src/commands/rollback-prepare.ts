import type { Context } from '../context.ts';
import { halfDone } from '../history/half-done.ts';
import { renamesOf, type History } from '../history/history.ts';
import { compareVersions } from '../migration/file-name.ts';
import { rebuiltAfterTakenOut, runsSinceRebuilt, snapshotBefore } from '../snapshot/rebuilt.ts';
import type { Journal } from '../history/journal.ts';
import { outstandingOf, runsSince } from '../kept/outstanding.ts';
import { readKept, readReturns } from '../kept/record.ts';
import { readProvenance, type Provenance } from '../project.ts';
import { guardsOf } from '../shadow/shadow.ts';
import type { UseShadow } from '../shadow/shadows.ts';
import { appliedAt } from '../snapshot/applied.ts';
import { snapshotId, type AppliedVersion, type Manifest } from '../snapshot/manifest.ts';
import type { CapturedState, State } from '../snapshot/state.ts';
import { loadIdentity, loadSnapshot, type StoredSnapshot } from '../snapshot/store.ts';
import { readSuccessors, succeeded, type Successors } from '../snapshot/successors.ts';
import { readPresent, writeSnapshot } from '../snapshot/take.ts';
import { findSecrets } from '../snapshot/secrets.ts';
import type { TargetSession } from '../target/session.ts';
import type { Identity } from '../snapshot/identity.ts';
import { missingOf, type Definitions } from '../snapshot/definitions.ts';
import { foretell } from '../platform-rows/foretell.ts';
import { namesOf } from '../platform-rows/restore.ts';
import { planWayTo, type WayBack, type Waypoint } from '../transition/way-back.ts';
import { captureOptions, showDrift } from './present.ts';
import { passSecrets } from './secrets.ts';
import type { Rebuilt } from './rebuild-replay.ts';
import { writeRebuilt } from './rebuild-snapshots.ts';
import type { Records } from './records.ts';
import { findGoal, type Goal } from './rollback-goal.ts';
import { rollbackChain } from './rollback-chain.ts';
import { settling, type Settle } from './rollback-settle.ts';
import type { RollbackOptions } from './rollback.ts';

/** Everything decided before the target is touched. */
export interface PreparedRollback {
  /** Runs since its snapshot whose effect on rows is still there, by their numbers. */
  outstanding: string[];
  /** The other runs since, by their numbers: what went with one of them may be in no other copy. */
  settled: string[];
  goal: Goal;
  /** What the platform changed of its own since, and what can't go back, in words. */
  remarks: { platform: string[]; stays: string[] };
  goalState: State;
  /** What the goal holds of jobs, queues and buckets and the target lacks, where it never was in that state. */
  missing?: Definitions;
  /** What it does to jobs and queues, in words. */
  platform: string[];
  present: CapturedState;
  manifest: Manifest | undefined;
  way: WayBack;
  /** What was applied at the goal. */
  goalApplied: AppliedVersion[];
  /** Policies and triggers at the goal; known only where it was reached on a shadow that commits. */
  expected: string | undefined;
  undone: string[];
  restored: string[];
  known: StoredSnapshot[];
  /** Snapshots that nobody took, rebuilt for this rollback. */
  rebuilt: Rebuilt[];
  history: History;
  provenance: Provenance;
  /** None in a dry run. */
  journal: Journal | undefined;
}

/** Finds the goal, takes a snapshot of the present, and plans and proves the way there. A dry run writes nothing. */
export async function prepareRollback(
  context: Context,
  session: TargetSession,
  options: RollbackOptions,
  useShadow: UseShadow,
  { history, known, rebuilt }: Records & { rebuilt: Rebuilt[] },
  journal: Journal | undefined,
): Promise<PreparedRollback> {
  const { config, report } = context;
  const { client, server, target } = session;
  const goal = findGoal(options, history, known);
  const renames = renamesOf(history);
  const goalApplied = appliedAt(goal.snapshot.manifest, known, history.applied)
    .map((row) => {
      const version = renames.get(row.version) ?? row.version;
      return { version, name: history.applied.find((one) => one.version === version)?.name ?? row.name };
    })
    .sort((a, b) => compareVersions(a.version, b.version));
  const snapshotState = await loadSnapshot(client, config.folders.snapshots, goal.snapshot);
  const successors = await readSuccessors(client, history.runs, known);
  const snapshotIdentity = succeeded(await loadIdentity(client, goal.snapshot), successors);
  const {
    state: present,
    drift,
    last,
  } = await readPresent(client, target.settings, known, config.folders.snapshots, captureOptions(context, session, options));
  if (drift.length > 0) showDrift(context, drift, last!.id);

  const provenance = await readProvenance(config.workdir);
  const before = new Set(goalApplied.map(({ version }) => version));
  const now = new Set(history.applied.map(({ version }) => version));
  // What they kept is put back as well.
  const halfway = halfDone(history.runs, history.applied)
    .map(({ version }) => version!)
    .filter((version) => !before.has(version));
  const undone = [...halfway, ...[...now].filter((version) => !before.has(version)).reverse()];
  const restored = [...before].filter((version) => !now.has(version));
  await passSecrets(context, session, options, { state: present, last, known }, findSecrets(snapshotState));
  const { settle, stays } = await settling(context, client, {
    history,
    known,
    present,
    goal: snapshotState,
    versions: [...undone, ...restored],
  });
  const { goal: goalState, identity: goalIdentity, changed, lost } = settle(snapshotState, snapshotIdentity);
  const manifest = options.dryRun ? undefined : await snapshotPresent(context, session, present, known, history, provenance);
  if (manifest) {
    await writeRebuilt(context, rebuilt);
    await journal?.phase('snapshotted');
  }
  report.step(`Planning and proving the way to ${goal.what} …`);
  const since = !history.ours
    ? []
    : goal.snapshot.manifest.rebuilt
      ? runsSinceRebuilt(undone, history.runs)
      : runsSince(goal.snapshot.id, history.runs);
  const outstanding = since.length > 0 ? outstandingOf(since, await readReturns(client)) : [];
  const waiting = outstanding.length > 0 ? await readKept(client, [], [], outstanding) : [];
  const rowsWait = waiting.length > 0;
  const chain =
    restored.length === 0 && halfway.length === 0
      ? await rollbackChain(config.folders.rollback, config.workdir, undone, history.runs)
      : undefined;
  const found =
    goal.snapshot.inTarget || !snapshotState.definitions
      ? undefined
      : missingOf(snapshotState.definitions, present.definitions, {
          before: goal.snapshot.manifest.database,
          now: target.settings.database,
        });
  const missing = found && namesOf(found).length > 0 ? found : undefined;
  const { way, expected } = await useShadow(present, async (shadow) => {
    const way = await planWayTo(shadow, {
      rowsWait: rowsWait || missing !== undefined,
      present,
      goal: goalState,
      goalIdentity,
      undone,
      restored,
      waypoints:
        halfway.length > 0
          ? undefined
          : () => readWaypoints(context, client, { history, known, undone, restored, goal: goalState, goalIdentity, successors, settle }),
      chain,
      timeouts: config.settings,
      serverVersionNum: server.versionNum,
      pgDump: captureOptions(context, session, options).pgDump,
    });
    return { way, expected: way.proof.proven && shadow.kind === 'embedded' ? await guardsOf(shadow) : undefined };
  });
  await journal?.phase('rehearsed');
  const remarks = {
    platform: changed,
    stays: [...stays, ...lost.map((what) => `${what} does not come back: the platform took away what it was on.`)],
  };
  return {
    remarks,
    goal,
    outstanding,
    settled: since.flatMap(({ id }) => (outstanding.includes(id) ? [] : [id])),
    goalState,
    ...(missing ? { missing } : {}),
    platform: await foretell(client, waiting, options.keepData ?? 'auto'),
    present,
    manifest,
    way,
    goalApplied,
    expected,
    undone,
    restored,
    known,
    rebuilt,
    history,
    provenance,
    journal,
  };
}

/** The states before each migration to undo and after each one to bring back; undefined where it is but one, or a snapshot is missing. */
async function readWaypoints(
  { config }: Context,
  client: TargetSession['client'],
  {
    history,
    known,
    undone,
    restored,
    goal,
    goalIdentity,
    successors,
    settle,
  }: {
    history: History;
    known: StoredSnapshot[];
    undone: string[];
    restored: string[];
    goal: State;
    goalIdentity: Identity | undefined;
    successors: Successors;
    settle: Settle;
  },
): Promise<Waypoint[] | undefined> {
  const runOf = (version: string) =>
    history.runs.filter((run) => run.kind === 'migrate' && run.version === version && ['applied', 'done'].includes(run.status)).at(-1);
  const places = [
    ...undone.map((version) => ({ undoes: [version], restores: [], id: snapshotBefore(version, history, known)?.id })),
    ...restored.map((version) => ({
      undoes: [],
      restores: [version],
      id: runOf(version)?.snapshotAfter ?? rebuiltAfterTakenOut(version, history, known)?.id,
    })),
  ];
  if (places.length < 2) return undefined;
  const waypoints: Waypoint[] = [];
  for (const { undoes, restores, id } of places.slice(0, -1)) {
    const snapshot = known.find((one) => one.id === id);
    if (!snapshot) return undefined;
    const { goal: state, identity } = settle(
      await loadSnapshot(client, config.folders.snapshots, snapshot),
      succeeded(await loadIdentity(client, snapshot), successors),
    );
    waypoints.push({ undoes, restores, state, identity });
  }
  const { undoes, restores } = places.at(-1)!;
  return [...waypoints, { undoes, restores, state: goal, identity: goalIdentity }];
}

async function snapshotPresent(
  context: Context,
  session: TargetSession,
  present: CapturedState,
  known: StoredSnapshot[],
  history: History,
  provenance: Provenance,
): Promise<Manifest> {
  const takenAt = context.now();
  const stamp = takenAt.toISOString().replace(/\D/g, '').slice(0, 14);
  const manifest = await writeSnapshot(context.config.folders.snapshots, known, present, {
    name: `rollback_${stamp}`,
    takenAt,
    serverVersion: session.server.version,
    database: session.target.settings.database,
    applied: history.applied,
    provenance,
  });
  context.report.step(`Snapshot of the present: ${snapshotId(manifest)}`);
  return manifest;
}
