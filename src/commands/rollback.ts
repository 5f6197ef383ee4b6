import { join } from 'node:path';
import type { Context } from '../context.ts';
import { hasHistory } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { ReadFresh } from '../shadow/fresh.ts';
import { withShadows, type UseShadow } from '../shadow/shadows.ts';
import { requireWritable } from '../atomic-file.ts';
import { listSnapshots, type StoredSnapshot } from '../snapshot/store.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import { withRunnerLock } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import type { KeepData } from '../kept/run.ts';
import { knowingWhatCameOfIt } from './certainty.ts';
import { confirmByName, requireName } from './confirm.ts';
import { journalled, tellCutOff } from './cut-off.ts';
import { below } from './present.ts';
import { readRecords, type Records } from './records.ts';
import { updateReport } from './report-history.ts';
import { passRights } from './rights.ts';
import { applyRollback, type RolledBack } from './rollback-apply.ts';
import type { Rebuilt } from './rebuild-replay.ts';
import { rebuildFrom } from './rebuild-snapshots.ts';
import { findGoal, SnapshotMissing } from './rollback-goal.ts';
import type { Answers } from './rollback-answers.ts';
import { countRemovals, type Removal } from './rollback-removals.ts';
import { prepareRollback } from './rollback-prepare.ts';
import { notProven, showRollback } from './rollback-show.ts';

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

/** The snapshots that can be gone back to, oldest first. */
export const snapshots = (context: Context): Promise<StoredSnapshot[]> =>
  withTarget(context, async ({ client }) => listSnapshots(client, context.config.folders.snapshots, await hasHistory(client)), 'read');

/**
 * Brings the schema back to an earlier state, proven on a shadow first. Throws a Problem: exit 3 when a guard refused,
 * 1 when it failed and nothing changed, 4 when it is done and needs a look.
 */
export function rollback(context: Context, options: RollbackOptions): Promise<RollbackResult> {
  const { config, report } = context;
  return withTarget(context, async (session) => {
    await tellCutOff(context, session);
    if (!options.dryRun) requireName(context, session.target);
    toRebuild(options, await readRecords(context, session));
    if (!options.dryRun) await requireWritable([config.folders.snapshots, config.folders.docs]);
    return withRunnerLock(session.client, options.lockWaitMs ?? config.settings.lockWaitMs, report, async () => {
      const records = await readRecords(context, session);
      const from = toRebuild(options, records);
      const shadowOptions = { config, target: session.target, major: session.server.major, url: options.shadow, note: report.note };
      return withShadows(shadowOptions, async (useShadow) => {
        const rebuilt = from === undefined ? [] : await rebuildFrom(context, session, useShadow, { ...options, from }, records);
        const all = { ...records, known: [...records.known, ...rebuilt] };
        const goal = findGoal(options, all.history, all.known).snapshot.id;
        if (options.dryRun) return run(context, session, options, useShadow, { ...all, rebuilt });
        return journalled(context, session, { kind: 'rollback', what: goal, version: goal }, (journal) =>
          run(context, session, options, useShadow, { ...all, rebuilt }, journal),
        );
      });
    });
  });
}

/** The oldest migration whose snapshot has to be rebuilt; undefined where the goal is there. */
function toRebuild(options: RollbackOptions, { history, known }: Records): string | undefined {
  try {
    findGoal(options, history, known);
  } catch (error) {
    if (error instanceof SnapshotMissing && error.from !== undefined) return error.from;
    throw error;
  }
  return undefined;
}

async function run(
  context: Context,
  session: TargetSession,
  options: RollbackOptions,
  useShadow: UseShadow,
  records: Records & { rebuilt: Rebuilt[] },
  journal?: Journal,
): Promise<RollbackResult> {
  const { report, config } = context;
  const prepared = await prepareRollback(context, session, options, useShadow, records, journal);
  const { way, goal, undone, restored } = prepared;
  const removals = await countRemovals(
    session.client,
    way.steps.map(({ effects }) => effects),
  );
  showRollback(context, options, prepared, removals);
  const result: RollbackResult = {
    target: session.target.name,
    goal: goal.snapshot.id,
    changed: false,
    statements: way.steps.flatMap(({ script }) => script.statements.map(({ text }) => text)),
    removals,
    proven: way.proof.proven,
  };
  await passRights(
    context,
    session,
    { rollback: goal.what, statements: way.steps.flatMap(({ script }) => script.statements) },
    (options.allowUnproven ?? false) || (options.dryRun ?? false),
  );
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
