import { join } from 'node:path';
import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import { halfDone } from '../history/half-done.ts';
import { isTakenOver, readHistory, type History, type Run } from '../history/history.ts';
import { rebuiltAfterTakenOut, runsSinceRebuilt, snapshotBefore } from '../history/rebuilt.ts';
import type { Journal } from '../history/journal.ts';
import { outstandingOf, runsSince } from '../kept/outstanding.ts';
import { readKept, readReturns } from '../kept/record.ts';
import { platformHazards } from '../migration/platform-hazards.ts';
import { readProvenance, type Provenance } from '../project.ts';
import { guardsOf } from '../shadow/shadow.ts';
import type { ReadFresh } from '../shadow/fresh.ts';
import { withShadows, type UseShadow } from '../shadow/shadows.ts';
import { snapshotId, type Manifest } from '../snapshot/manifest.ts';
import type { CapturedState, State } from '../snapshot/state.ts';
import { requireWritable } from '../snapshot/atomic-file.ts';
import { listSnapshots, loadIdentity, loadSnapshot, type StoredSnapshot } from '../snapshot/store.ts';
import { readSuccessors, succeeded, type Successors } from '../snapshot/successors.ts';
import { readPresent, writeSnapshot } from '../snapshot/take.ts';
import { findSecrets } from '../snapshot/secrets.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import { withRunnerLock } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import type { KeepData } from '../kept/run.ts';
import type { Identity } from '../snapshot/identity.ts';
import { missingOf, type Definitions } from '../platform-rows/definitions.ts';
import { foretell } from '../platform-rows/foretell.ts';
import { namesOf } from '../platform-rows/restore.ts';
import { unrecoverable } from '../transition/unrecoverable.ts';
import { planWayTo, type Step, type WayBack, type Waypoint } from '../transition/way-back.ts';
import { knowingWhatCameOfIt } from './certainty.ts';
import { confirmByName, requireName } from './confirm.ts';
import { journalled, tellCutOff } from './cut-off.ts';
import { below, captureOptions, platformInWords, showDrift } from './present.ts';
import { changesBetween, listChanges } from '../report/changes.ts';
import { updateReport } from './report-history.ts';
import { passRights } from './rights.ts';
import { passSecrets } from './secrets.ts';
import { applyRollback, type RolledBack } from './rollback-apply.ts';
import type { Rebuilt } from './rebuild-replay.ts';
import { rebuildFrom, writeRebuilt } from './rebuild-snapshots.ts';
import { findGoal, SnapshotMissing, type Goal } from './rollback-goal.ts';
import type { Answers } from './rollback-answers.ts';
import { rollbackChain } from './rollback-chain.ts';
import { settling, type Settle } from './rollback-settle.ts';
import { countRemovals, type Removal } from './rollback-removals.ts';

/** What `rollback` can be told. Times are milliseconds. */
export interface RollbackOptions extends Answers {
  /** A snapshot or its path, a version, or a migration's timestamp. */
  to?: string;
  /** Undo the last n migrations. */
  steps?: number;
  dryRun?: boolean;
  /** Go on although it could not be proven. */
  allowUnproven?: boolean;
  lockWaitMs?: number;
  pgDump?: PgDumpChoice;
  shadow?: ConnectionSettings | UseShadow;
  /** Whether what goes is kept: `auto` (default) asks above the limit. */
  keepData?: KeepData;
  /** End before anything is written where a snapshot would hold what looks like a secret; default as the setting says. */
  failOnSecrets?: boolean;
  /** How a fresh project is read, where a snapshot has to be rebuilt from the first migration on; none: from an embedded server of its own. */
  fresh?: ReadFresh;
}

export interface RollbackResult {
  target: string;
  goal: string;
  /** False when the target was already there, or nothing was to be changed. */
  changed: boolean;
  statements: string[];
  /** What goes from the tables; it is kept. */
  removals: Removal[];
  proven: boolean;
  done?: RolledBack;
}

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

/** The snapshots that can be gone back to, oldest first. */
export const snapshots = (context: Context): Promise<StoredSnapshot[]> =>
  withTarget(context, async ({ client }) => listSnapshots(client, context.config.folders.snapshots, (await readHistory(client)).ours), 'read');

/**
 * Brings the schema back to an earlier state, proven on a shadow first. Throws a Problem: exit 3 when a guard refused,
 * 1 when it failed and nothing changed, 4 when it is done and needs a look.
 */
export function rollback(context: Context, options: RollbackOptions): Promise<RollbackResult> {
  const { config, report } = context;
  return withTarget(context, async (session) => {
    await tellCutOff(context, session);
    if (!options.dryRun) requireName(context, session.target);
    const goalOfNow = async (rebuilt: Rebuilt[] = []): Promise<string> => {
      const history = await readHistory(session.client);
      return findGoal(options, history, [...(await listSnapshots(session.client, config.folders.snapshots, history.ours)), ...rebuilt]).snapshot.id;
    };
    /** The oldest migration whose snapshot has to be rebuilt; undefined where the goal is there. */
    const toRebuild = () => goalOfNow().then(() => undefined, (error: unknown) => {
      if (error instanceof SnapshotMissing && error.from !== undefined) return error.from;
      throw error;
    });
    await toRebuild();
    if (!options.dryRun) await requireWritable([config.folders.snapshots, config.folders.docs]);
    return withRunnerLock(session.client, options.lockWaitMs ?? config.settings.lockWaitMs, report, async () => {
      const from = await toRebuild();
      const shadowOptions = { config, target: session.target, major: session.server.major, url: options.shadow, note: report.note };
      return withShadows(shadowOptions, async (useShadow) => {
        const rebuilt = from === undefined ? [] : await rebuildFrom(context, session, useShadow, { ...options, from });
        const goal = await goalOfNow(rebuilt);
        if (options.dryRun) return run(context, session, options, useShadow, rebuilt);
        return journalled(context, session, { kind: 'rollback', what: goal, version: goal }, (journal) => run(context, session, options, useShadow, rebuilt, journal));
      });
    });
  });
}

async function run(context: Context, session: TargetSession, options: RollbackOptions, useShadow: UseShadow, rebuilt: Rebuilt[], journal?: Journal): Promise<RollbackResult> {
  const { report, config } = context;
  const prepared = await prepare(context, session, options, useShadow, rebuilt, journal);
  const { way, goal, undone, restored } = prepared;
  const removals = await countRemovals(session.client, way.steps.map(({ effects }) => effects));
  show(context, options, prepared, removals);
  const result: RollbackResult = {
    target: session.target.name,
    goal: goal.snapshot.id,
    changed: false,
    statements: way.steps.flatMap(({ script }) => script.statements.map(({ text }) => text)),
    removals,
    proven: way.proof.proven,
  };
  await passRights(context, session, { rollback: goal.what, statements: way.steps.flatMap(({ script }) => script.statements) }, (options.allowUnproven ?? false) || (options.dryRun ?? false));
  if (way.steps.length === 0 && undone.length === 0 && restored.length === 0) return result;
  if (options.dryRun) return result;
  if (!way.proof.proven && !options.allowUnproven) throw notProven(prepared, session.target.name);
  await confirmByName(context, session.target, `Bring ${session.target.name} back to ${goal.what}?`);
  const done = await knowingWhatCameOfIt(session, 'The rollback', async () => {
    const rolledBack = await applyRollback(context, session, options, prepared);
    await updateReport(context, session);
    return rolledBack;
  });
  report.step(`History: ${below(context, join(config.folders.docs, 'MIGRATIONS.md'))}`);
  return { ...result, changed: true, done };
}

async function prepare(context: Context, session: TargetSession, options: RollbackOptions, useShadow: UseShadow, rebuilt: Rebuilt[], journal: Journal | undefined): Promise<PreparedRollback> {
  const { config, report } = context;
  const { client, server, target } = session;
  const history = await readHistory(client);
  const known = [...(await listSnapshots(client, config.folders.snapshots, history.ours)), ...rebuilt];
  const goal = findGoal(options, history, known);
  const snapshotState = await loadSnapshot(client, config.folders.snapshots, goal.snapshot);
  const successors = await readSuccessors(client, history.runs, known);
  const snapshotIdentity = succeeded(await loadIdentity(client, goal.snapshot), successors);
  const { state: present, drift, last } = await readPresent(client, target.settings, known, config.folders.snapshots, captureOptions(context, session, options));
  if (drift.length > 0) showDrift(context, drift, last!.id);

  const provenance = await readProvenance(config.workdir);
  const before = new Set(goal.snapshot.manifest.applied.map(({ version }) => version));
  const now = new Set(history.applied.map(({ version }) => version));
  // What they kept is put back as well.
  const halfway = halfDone(history.runs, history.applied).map(({ version }) => version!).filter((version) => !before.has(version));
  const undone = [...halfway, ...[...now].filter((version) => !before.has(version)).reverse()];
  const restored = [...before].filter((version) => !now.has(version));
  await passSecrets(context, session, options, { state: present, last, known }, findSecrets(snapshotState));
  const { settle, stays } = await settling(context, client, { history, known, present, goal: snapshotState, versions: [...undone, ...restored] });
  const { goal: goalState, identity: goalIdentity, changed, lost } = settle(snapshotState, snapshotIdentity);
  const manifest = options.dryRun ? undefined : await snapshotPresent(context, session, present, known, history, provenance);
  if (manifest) {
    await writeRebuilt(context, rebuilt);
    await journal?.phase('snapshotted');
  }
  report.step(`Planning and proving the way to ${goal.what} …`);
  const since = !history.ours ? [] : goal.snapshot.manifest.rebuilt ? runsSinceRebuilt(undone, history.runs) : runsSince(goal.snapshot.id, history.runs);
  const outstanding = since.length > 0 ? outstandingOf(since, await readReturns(client)) : [];
  const waiting = outstanding.length > 0 ? await readKept(client, [], [], outstanding) : [];
  const rowsWait = waiting.length > 0;
  const chain = restored.length === 0 && halfway.length === 0 ? await rollbackChain(config.folders.rollback, config.workdir, undone, history.runs) : undefined;
  const found = goal.snapshot.inTarget || !snapshotState.definitions ? undefined : missingOf(snapshotState.definitions, present.definitions, { then: goal.snapshot.manifest.database, now: target.settings.database });
  const missing = found && namesOf(found).length > 0 ? found : undefined;
  const { way, expected } = await useShadow(present, async (shadow) => {
    const way = await planWayTo(shadow, { rowsWait: rowsWait || missing !== undefined, present, goal: goalState, goalIdentity, undone, restored, waypoints: halfway.length > 0 ? undefined : () => readWaypoints(context, client, { history, known, undone, restored, goal: goalState, goalIdentity, successors, settle }), chain, timeouts: config.settings, serverVersionNum: server.versionNum, pgDump: captureOptions(context, session, options).pgDump });
    return { way, expected: way.proof.proven && shadow.kind === 'embedded' ? await guardsOf(shadow) : undefined };
  });
  await journal?.phase('rehearsed');
  const remarks = { platform: changed, stays: [...stays, ...lost.map((what) => `${what} does not come back: the platform took away what it was on.`)] };
  return { remarks, goal, outstanding, settled: since.flatMap(({ id }) => (outstanding.includes(id) ? [] : [id])), goalState, ...(missing ? { missing } : {}), platform: await foretell(client, waiting, options.keepData ?? 'auto'), present, manifest, way, expected, undone, restored, known, rebuilt, history, provenance, journal };
}

/** The states before each migration to undo and after each one to bring back; undefined where it is but one, or a snapshot is missing. */
async function readWaypoints(
  { config }: Context,
  client: TargetSession['client'],
  { history, known, undone, restored, goal, goalIdentity, successors, settle }: { history: History; known: StoredSnapshot[]; undone: string[]; restored: string[]; goal: State; goalIdentity: Identity | undefined; successors: Successors; settle: Settle },
): Promise<Waypoint[] | undefined> {
  const runOf = (version: string) => history.runs.filter((run) => run.kind === 'migrate' && run.version === version && ['applied', 'done'].includes(run.status)).at(-1);
  const places = [
    ...undone.map((version) => ({ undoes: [version], restores: [], id: snapshotBefore(version, history, known)?.id })),
    ...restored.map((version) => ({ undoes: [], restores: [version], id: runOf(version)?.snapshotAfter ?? rebuiltAfterTakenOut(version, history, known)?.id })),
  ];
  if (places.length < 2) return undefined;
  const waypoints: Waypoint[] = [];
  for (const { undoes, restores, id } of places.slice(0, -1)) {
    const snapshot = known.find((one) => one.id === id);
    if (!snapshot) return undefined;
    const { goal: state, identity } = settle(await loadSnapshot(client, config.folders.snapshots, snapshot), succeeded(await loadIdentity(client, snapshot), successors));
    waypoints.push({ undoes, restores, state, identity });
  }
  const { undoes, restores } = places.at(-1)!;
  return [...waypoints, { undoes, restores, state: goal, identity: goalIdentity }];
}

async function snapshotPresent(context: Context, session: TargetSession, present: CapturedState, known: StoredSnapshot[], history: History, provenance: Provenance): Promise<Manifest> {
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

function show(context: Context, options: RollbackOptions, { way, goal, goalState, missing, platform, present, undone, restored, history, remarks }: PreparedRollback, removals: Removal[]): void {
  const { report } = context;
  if (undone.length > 0) report.step(`Undoes: ${undone.join(', ')}`);
  if (restored.length > 0) report.step(`Brings back: ${restored.join(', ')}`);
  const changes = listChanges(changesBetween(present.facts, goalState.facts), 8);
  if (changes.length > 0) report.step(`The schema, once it is back:\n${changes.map((line) => `  ${line}`).join('\n')}`);
  const { inTarget, id, manifest } = goal.snapshot;
  if (!inTarget) report.note(`Snapshot ${id} is of another database (${manifest.database}, PostgreSQL ${manifest.serverVersion}): what users made there is made here. Rows are in no snapshot.`);
  if (remarks.platform.length > 0) report.note(inTarget ? platformInWords(remarks.platform) : `The platform's own part is another here (${remarks.platform.join(', ')}): left as it is.`);
  for (const text of [...remarks.stays, ...unrecoverable(way.steps.flatMap(({ script }) => script.statements.map(({ text }) => text)))]) report.warn(text);
  for (const text of [...notKept(history.runs, undone), ...notOurs(history, undone)]) report.warn(text);
  for (const what of platform) report.warn(`${what.replace(/^./, (letter) => letter.toUpperCase())}.`);
  if (missing) report.step(`Makes what the snapshot holds and is not here: ${namesOf(missing).join(', ')}.`);
  for (const statement of way.hazards) report.warn(statement);
  for (const { what, loses } of way.steps.flatMap(({ script }) => script.statements.flatMap(({ node }) => platformHazards(node)))) report.warn(`The rollback ${what}: gone is ${loses}.`);
  const kept = ranInSteps(history.runs, undone) ? 'kept, and back where this rollback is undone; a file that runs in steps does not put it back when it is applied again' : 'kept, and put back when it returns';
  const filled = removals.filter(({ rows, estimated }) => rows > 0 || estimated);
  for (const { what, rows, estimated } of filled) report.warn(`Removes ${what} with ${estimated ? 'about ' : ''}${rows} ${what.startsWith('column') ? 'value' : 'row'}${rows === 1 ? '' : 's'}; ${options.keepData === 'never' ? 'gone for good (--keep-data never)' : kept}.`);
  if (removals.length > filled.length) report.note(`Removed and empty: ${removals.length - filled.length} tables or columns.`);
  for (const column of returningColumns(way.steps)) report.note(`${column} returns, standing last in its table.`);
  const count = way.steps.reduce((sum, { script }) => sum + script.statements.length, 0);
  if (count === 0) report.step(`The schema is already ${goal.what}${way.steps.length > 0 ? '; what is left is rows and history' : ''}.`);
  else if (way.proof.proven) report.step(`Proven on ${way.proof.shadow}: ${count} statements lead back, judged by ${way.proof.by.join(' and by ')}.`);
  else report.warn(`Not proven on ${way.proof.shadow}: ${way.proof.reason}.`);
}

/** Whether one of them ran outside a transaction. */
const ranInSteps = (runs: Run[], undone: string[]): boolean => runs.some(({ kind, version, progress }) => kind === 'migrate' && undone.includes(version!) && (progress as { of?: number } | null)?.of !== undefined);

/** Migrations whose destroyed rows are in no copy: what they took away does not come back. */
const notKept = (runs: Run[], undone: string[]): string[] =>
  undone.flatMap((version) => {
    const last = runs.filter((run) => run.version === version || run.restored?.includes(version)).at(-1);
    const keeps = (last?.progress as { keeps?: string } | null | undefined)?.keeps;
    if (keeps === 'never') return [`${version} was applied with --keep-data never: rows and values that it took away do not come back.`];
    return keeps === 'pruned' ? [`Copies of ${version} were pruned: rows and values in them do not come back.`] : [];
  });

/** Migrations that another tool applied: nothing of what they did to rows is known. */
const notOurs = ({ applied, runs }: History, undone: string[]): string[] =>
  undone.flatMap((version) => {
    const last = runs.findLast((run) => run.version === version || run.undone?.includes(version) || run.restored?.includes(version));
    if (last && !last.undone?.includes(version) && !isTakenOver(last)) return [];
    const row = applied.find((one) => one.version === version);
    return row ? [`${[version, row.name].filter(Boolean).join('_')} was applied by another tool: rows and values that it took away were not kept and do not come back. Rows that it added or changed stay as they are now, where their tables stay.`] : [];
  });

/** Columns that are added to tables which no step makes. */
function returningColumns(steps: Step[]): string[] {
  const text = steps.map(({ script }) => script.text).join('\n');
  const made = new Set([...text.matchAll(/^CREATE (?:UNLOGGED )?TABLE ("(?:[^"]|"")*"\."(?:[^"]|"")*")/gm)].map((match) => match[1]));
  return [...text.matchAll(/^ALTER TABLE ("(?:[^"]|"")*"\."(?:[^"]|"")*") ADD COLUMN ("(?:[^"]|"")*")/gm)]
    .filter((match) => !made.has(match[1]))
    .map((match) => `column ${match[1]}.${match[2]}`.replaceAll(/"(\w+)"/g, '$1'));
}

function notProven({ way, goal, undone, history: { runs } }: PreparedRollback, target: string) {
  const files = way.steps.filter(({ byHand }) => byHand).map(({ script }) => script.file);
  const away = runs.some((run) => undone.includes(run.version!) && isTakenOver(run)) ? ', or move what came from another tool away and a way back is planned' : '';
  return refused(`The way to ${goal.what} could not be proven: ${way.proof.reason}.`, {
    detail: way.proof.differences.slice(0, 20),
    state: `Nothing was changed on ${target}.`,
    next: `${files.length > 0 ? `Correct ${files.join(', ')}${away}. Or choose` : 'Choose'} another snapshot (npx supasnap rollback --list), or go there unproven with --allow-unproven; the present is kept as a snapshot first.`,
  });
}
