import type { Context } from '../context.ts';
import { Problem, refused } from '../errors.ts';
import { type AppliedMigration, type History, isBaseline } from '../history/history.ts';
import { historyKey, snapshotBefore } from '../snapshot/rebuilt.ts';
import { migrationName, snapshotName } from '../migration/file-name.ts';
import { readProvenance } from '../project.ts';
import type { ReadFresh } from '../shadow/fresh.ts';
import { groundOf, isProject, onGround } from '../shadow/ground.ts';
import { onShadow, type Shadow } from '../shadow/shadow.ts';
import type { UseShadow } from '../shadow/shadows.ts';
import { describeApplied, prefixKeys } from '../snapshot/applied.ts';
import { carryIdentity, readIdentity, type Identity } from '../snapshot/identity.ts';
import { snapshotId, type Manifest } from '../snapshot/manifest.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import { companionOf, readSummary, sha256, type CapturedState, type State, type StateSummary } from '../snapshot/state.ts';
import { loadSnapshot, nextCopy, type StoredSnapshot } from '../snapshot/store.ts';
import { withClient } from '../target/connection.ts';
import type { TargetSession } from '../target/session.ts';
import { changesCluster } from '../transition/cluster.ts';
import { forward } from '../transition/forward.ts';
import { timeoutsOf } from '../transition/execute.ts';
import type { Proof } from '../transition/proof.ts';
import { proveCommitted, readReached } from '../transition/prove.ts';
import { toolVersion } from '../version.ts';
import { labelOf, readReplayed, type Replayed } from './rebuild-sources.ts';

export interface ReplayInput {
  history: History;
  known: StoredSnapshot[];
  present: CapturedState;
  fresh: ReadFresh;
  /** Rebuild what is needed to undo this version and newer ones; none: all that is missing. */
  from?: string;
  pgDump: PgDumpChoice;
}

/** A rebuilt snapshot: its state is in memory, and it may be nowhere else yet. */
export type Rebuilt = StoredSnapshot & Required<Pick<StoredSnapshot, 'held'>>;

/** The state on the shadow before one migration. */
interface Moment extends Pick<StateSummary, 'counts' | 'databaseBytes'> {
  index: number;
  state: State;
  identity: Identity;
}

/** Migrations before which there is no snapshot, by their place in history. A baseline of ours needs none. */
export const missingBefore = (history: History, known: StoredSnapshot[]): number[] =>
  history.applied.flatMap(({ version }, index) => (snapshotBefore(version, history, known) || isBaseline(version, history) ? [] : [index]));

/**
 * Replays what history records, on a shadow, and gives the snapshots that are missing: those from the newest older snapshot of this database
 * on, or from a fresh project. They are given only when the replay ends in exactly the present schema, by facts and by pg_dump; else a Problem
 * (exit 3) names the differences. Nothing is written.
 */
export async function replayHistory(
  context: Context,
  session: TargetSession,
  useShadow: UseShadow,
  input: ReplayInput,
): Promise<Rebuilt[]> {
  const { history, known, present } = input;
  const { applied } = history;
  const first = input.from === undefined ? 0 : applied.findIndex(({ version }) => version === input.from);
  const missing = missingBefore(history, known).filter((index) => index >= first);
  if (missing.length === 0) return [];
  const start = startOf(applied, known, missing[0]!);
  const begin = start ? start.manifest.applied.count : 0;
  const replayed = await readReplayed(context, applied.slice(begin));
  context.report.step(
    `Rebuilding ${missing.length === 1 ? 'a snapshot' : `${missing.length} snapshots`}: replaying ${replayed.length === 1 ? replayed[0]!.label : `${replayed.length} migrations`} from ${start ? `snapshot ${start.id}` : 'a fresh database'} on …`,
  );
  const replay = (shadow: Shadow) => replayOn(shadow, context, session, input, { replayed, begin, missing });
  const ground = start
    ? await loadSnapshot(session.client, context.config.folders.snapshots, start)
    : groundOf(await input.fresh(isProject(present.facts) ? 'platform' : 'plain'), present);
  const { moments, end } = await onGround(useShadow, ground, present, replay);
  return describeAll(context, session, input, { moments, end, start });
}

/** The newest snapshot that was this database's own, of a time when only migrations before `index` were applied. */
function startOf(applied: AppliedMigration[], known: StoredSnapshot[], index: number): StoredSnapshot | undefined {
  const beginnings = prefixKeys(applied.slice(0, index));
  const isPrefix = ({ manifest }: StoredSnapshot) => beginnings[manifest.applied.count] === manifest.applied.sha256;
  return known
    .filter((one) => one.inTarget && one.manifest.rebuilt === undefined && isPrefix(one))
    .sort((a, b) => b.manifest.applied.count - a.manifest.applied.count || (b.kept ?? 0) - (a.kept ?? 0))[0];
}

async function replayOn(
  shadow: Shadow,
  context: Context,
  session: TargetSession,
  { present, pgDump }: ReplayInput,
  { replayed, begin, missing }: { replayed: Replayed[]; begin: number; missing: number[] },
): Promise<{ moments: Moment[]; end: Identity }> {
  if (!shadow.commits)
    throw refused('shadow_failed', 'Snapshots can be rebuilt only in a database of their own, and none can hold this one.', {
      state: 'Nothing was changed.',
      next: 'Give an empty database of the same kind with --shadow <url>.',
    });
  const options = { pgDump, serverVersionNum: session.server.versionNum };
  const moments: Moment[] = [];
  for (const [at, migration] of replayed.entries()) {
    if (missing.includes(begin + at)) moments.push({ index: begin + at, ...(await capture(shadow, present, options)) });
    await replayOne(shadow, context, migration);
  }
  const end = await onShadow(shadow, readIdentity);
  const { proof } = await proveCommitted(shadow, present, options);
  if (!proof.proven) throw leadsElsewhere(replayed, session.target.name, proof);
  return { moments, end };
}

async function replayOne(shadow: Shadow, { config }: Context, { label, script }: Replayed): Promise<void> {
  const timeouts = timeoutsOf(config.settings, script);
  try {
    if (shadow.kind !== 'embedded' && (await changesCluster(shadow, script, timeouts)))
      throw refused('shadow_failed', "it changes roles of the whole server, and the shadow is on the target's own");
    await forward(shadow, { script, timeouts });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw refused('shadow_failed', `Snapshots can't be rebuilt: replaying ${label} failed: ${error.message}`, {
      place: error.place,
      detail: error.detail,
      state: 'Nothing was changed: it was replayed on a shadow.',
      next: "Where something was made by hand that it needs, it can't be replayed. What this tool applies from now on can be rolled back: npx supasnap migrate",
      cause: error,
    });
  }
}

async function capture(
  shadow: Shadow,
  present: CapturedState,
  options: { pgDump: PgDumpChoice; serverVersionNum: number },
): Promise<Omit<Moment, 'index'>> {
  const { sql, facts } = await readReached(shadow, present, options);
  const identity = await onShadow(shadow, readIdentity);
  return {
    ...(await withClient(shadow.settings, readSummary)),
    state: { sql, sha256: sha256(sql), facts, session: present.session },
    identity,
  };
}

async function describeAll(
  context: Context,
  session: TargetSession,
  { history, known, present }: ReplayInput,
  { moments, end, start }: { moments: Moment[]; end: Identity; start: StoredSnapshot | undefined },
): Promise<Rebuilt[]> {
  const provenance = await readProvenance(context.config.workdir);
  const all = [...known];
  const rebuilt: Rebuilt[] = [];
  for (const { index, state, identity, counts, databaseBytes } of moments) {
    const applied = history.applied.slice(0, index);
    const name = nameBefore(history.applied[index]!);
    const told = describeApplied(applied, (rebuilt.at(-1) ?? start)?.manifest, known);
    const { copy, exists } = nextCopy(all, name, state, told.applied);
    const earlier = exists ? all.find(({ manifest }) => manifest.name === name && manifest.copy === copy) : undefined;
    const manifest: Manifest = {
      format: 1,
      name,
      copy: earlier && earlier.manifest.rebuilt !== historyKey(applied) ? copy + 1 : copy,
      sha256: state.sha256,
      factsSha256: companionOf(state).sha256,
      takenAt: context.now().toISOString(),
      serverVersion: session.server.version,
      pgDump: present.pgDump,
      ...told,
      counts,
      databaseBytes,
      database: session.target.settings.database,
      gitCommit: provenance.gitCommit,
      who: provenance.who,
      toolVersion,
      rebuilt: historyKey(applied),
    };
    // What was there before the replay ended keeps the number that it has in the target.
    const one: Rebuilt = {
      id: snapshotId(manifest),
      manifest,
      inFolder: false,
      inTarget: false,
      held: { state, identity: carryIdentity(present.identity, end, identity) },
    };
    rebuilt.push(one);
    all.push(one);
  }
  return rebuilt;
}

function nameBefore(row: AppliedMigration): string {
  const label = migrationName(`${labelOf(row)}.sql`)?.label ?? row.version;
  return snapshotName(label, row.version);
}

const leadsElsewhere = (replayed: Replayed[], target: string, { reason, differences }: Proof) =>
  refused(
    'drift',
    `Snapshots can't be rebuilt: replayed, ${replayed.length === 1 ? replayed[0]!.label : `the ${replayed.length} migrations`} lead${replayed.length === 1 ? 's' : ''} to another schema than ${target} has, so the states in between can't be believed.`,
    {
      detail: differences.length > 0 ? differences.slice(0, 20).map((line) => inWords(line, target)) : [reason ?? ''],
      state: `Nothing was changed on ${target}.`,
      next: 'What was changed by hand since: undo it, or bring it into a migration that npx supasnap repair --applied records. Then run the command again.',
    },
  );

/** A difference from the target to what the replay reached. */
const inWords = (line: string, target: string): string =>
  line
    .replace(/^added: /, 'only in the replay: ')
    .replace(/^gone: /, `only on ${target}: `)
    .replace(/^changed: /, 'differs: ')
    .replace(/^now: /, 'in the replay: ')
    .replace(/^no longer: /, `on ${target}: `);
