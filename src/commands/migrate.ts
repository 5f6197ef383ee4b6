import type { Context } from '../context.ts';
import type { Finding } from '../advice/finding.ts';
import { readHistory, type History } from '../history/history.ts';
import { chooseMigrations, type Chosen } from '../migration/choose.ts';
import { refused } from '../errors.ts';
import { tellCutOff } from './cut-off.ts';
import { requireWritable } from '../atomic-file.ts';
import { readUnfinished } from './status-runs.ts';
import { withRunnerLock } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import type { Applied } from './migrate-apply.ts';
import { passGate } from './migrate-gate.ts';
import type { MigrateOptions } from './migrate-options.ts';

export interface MigrateResult {
  target: string;
  applied: Applied[];
  /** Filled by a dry run: what would be applied, and its rollback. */
  rehearsed: { version: string; rollback: string | undefined; proven: boolean; advice?: Finding[] }[];
  alreadyApplied: string[];
}

/**
 * Applies migrations, each one only after its rollback was rehearsed and proven on a shadow. Throws a Problem: exit 3 when a
 * guard refused, 1 when it failed and nothing changed, 4 when something changed and needs a look.
 */
export function migrate(context: Context, options: MigrateOptions = {}): Promise<MigrateResult> {
  return withTarget(context, async (session) => {
    await tellCutOff(context, session);
    if (options.resume) return resume(context, session, options);
    await refuseHalfDone(session);
    const { chosen } = await readChosen(context, session, options);
    const result: MigrateResult = {
      target: session.target.name,
      applied: [],
      rehearsed: [],
      alreadyApplied: chosen.alreadyApplied.map(({ label }) => label),
    };
    for (const label of result.alreadyApplied) context.report.note(`${label} is already applied.`);
    if (chosen.migrations.length === 0) return result;
    await passGate(context, session, options, chosen.migrations);
    const { settings, folders } = context.config;
    if (!options.dryRun) await requireWritable([folders.snapshots, folders.rollback, folders.docs]);
    await withRunnerLock(session.client, options.lockWaitMs ?? settings.lockWaitMs, context.report, async () => {
      const { chosen: still, history } = await readChosen(context, session, options);
      if (still.migrations.length === 0) return context.report.note('Another runner has applied them meanwhile.');
      const passed = new Set(chosen.migrations.map(({ sha256 }) => sha256));
      if (still.migrations.some(({ sha256 }) => !passed.has(sha256))) await passGate(context, session, options, still.migrations);
      // Loaded now: with nothing to apply the command starts and ends in half the time.
      const { applyAll } = await import('./migrate-all.ts');
      await applyAll(context, session, options, { chosen: still, history }, result);
    });
    return result;
  });
}

async function resume(context: Context, session: TargetSession, options: MigrateOptions): Promise<MigrateResult> {
  const { folders } = context.config;
  await requireWritable([folders.snapshots, folders.rollback, folders.docs]);
  const result: MigrateResult = { target: session.target.name, applied: [], rehearsed: [], alreadyApplied: [] };
  await withRunnerLock(session.client, options.lockWaitMs ?? context.config.settings.lockWaitMs, context.report, async () => {
    const { resumeMigration } = await import('./migrate-resume.ts');
    await resumeMigration(context, session, options, result);
  });
  return result;
}

/** A migration that stopped between its steps comes first: what it left is neither the state before nor the state after. */
async function refuseHalfDone({ client, target }: TargetSession): Promise<void> {
  const open = (await readUnfinished(client)).find(({ halfWay, running }) => halfWay && !running);
  if (!open) return;
  throw refused('unfinished_run', `${open.what} stopped between its steps on ${target.name}: ${open.state}`, {
    state: 'Nothing was changed by this command.',
    next: open.next,
  });
}

async function readChosen(
  context: Context,
  session: TargetSession,
  options: MigrateOptions,
): Promise<{ chosen: Chosen; history: History }> {
  const { config } = context;
  const history = await readHistory(session.client);
  const chosen = await chooseMigrations(history.applied, {
    workdir: config.workdir,
    folder: config.folders.migrations,
    files: options.files ?? [],
    includeAll: options.includeAll ?? false,
    allowEdited: options.allowEdited ?? false,
    requireVersion: config.settings.requireVersion,
    now: context.now(),
  });
  return { chosen, history };
}
