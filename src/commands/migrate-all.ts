import { openAdvice, type Advice, type Advisers } from '../advice/adviser.ts';
import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import type { History } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { Chosen } from '../migration/choose.ts';
import { compareVersions } from '../migration/file-name.ts';
import { destructiveStatements } from '../migration/hazards.ts';
import { lockHints } from '../migration/lock-hints.ts';
import { readProvenance, type Provenance } from '../project.ts';
import { withShadows, type UseShadow } from '../shadow/shadows.ts';
import { listSnapshots, type StoredSnapshot } from '../snapshot/store.ts';
import { readPresent } from '../snapshot/take.ts';
import type { TargetSession } from '../target/session.ts';
import { adviceRefusal } from './advice.ts';
import { knowingWhatCameOfIt } from './certainty.ts';
import { confirmMigration } from './confirm.ts';
import { journalled } from './cut-off.ts';
import type { MigrateResult } from './migrate.ts';
import { applyMigration } from './migrate-apply.ts';
import { passWindow } from './migrate-gate.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { prepareMigration, showPlan, type Prepared } from './migrate-prepare.ts';
import { captureOptions, platformInWords, showDrift } from './present.ts';
import { updateReport } from './report-history.ts';

/** Applies the chosen migrations in order, with the history that they were chosen by, adding each to `result` once it is done. A dry run ends after the first. */
export async function applyAll(
  context: Context,
  session: TargetSession,
  options: MigrateOptions,
  work: { chosen: Chosen; history: History },
  result: MigrateResult,
): Promise<void> {
  const { config } = context;
  const provenance = await readProvenance(config.workdir);
  const shadowOptions = { config, target: session.target, major: session.server.major, url: options.shadow, note: context.report.note };
  const asked = options.failOnAdvice ?? config.settings.failOnAdvice;
  const advisers = openAdvice(context, asked === 'none' ? undefined : asked);
  await withShadows(shadowOptions, (useShadow) => applyEach(context, session, options, work, { useShadow, provenance, advisers }, result));
}

async function applyEach(
  context: Context,
  session: TargetSession,
  options: MigrateOptions,
  { chosen, history }: { chosen: Chosen; history: History },
  tools: { useShadow: UseShadow; provenance: Provenance; advisers: Advisers | undefined },
  result: MigrateResult,
): Promise<void> {
  const { config, report } = context;
  for (const note of chosen.notes) report.note(note);
  for (const { label, name } of chosen.migrations) {
    const last = history.runs.findLast((run) => run.version === name.version || run.undone?.includes(name.version));
    if (last?.kind === 'migrate' && ['applied', 'done'].includes(last.status))
      report.warn(
        `${label} was applied before (${last.appliedAt}), and its row is gone from the history. If its change is still there, record it instead: npx supasnap repair --applied ${name.version}`,
      );
  }
  const known: StoredSnapshot[] = await listSnapshots(session.client, config.folders.snapshots, history.ours);
  let present = await readPresent(
    session.client,
    session.target.settings,
    known,
    config.folders.snapshots,
    captureOptions(context, session, options),
  );
  if (present.platform?.length) report.note(platformInWords(present.platform));
  if (present.drift.length > 0) showDrift(context, present.drift, present.last!.id);
  let applied = history.applied.map(({ version, name }) => ({ version, name }));

  for (const [index, migration] of chosen.migrations.entries()) {
    const hazards = [...destructiveStatements(migration.statements), ...lockHints(migration.statements)];
    const prepare = (journal?: Journal): Promise<Prepared> =>
      prepareMigration(context, session, options, { migration, present, applied, known, hazards, journal, ...tools });
    if (options.dryRun) {
      const prepared = await prepare();
      showPlan(context, prepared, hazards);
      result.rehearsed.push({
        version: migration.name.version,
        rollback: prepared.rollbackText,
        proven: prepared.rehearsal.proof.proven,
        ...foundIn(prepared.advice),
      });
      const refusal = adviceRefusal(prepared.advice, tools.advisers?.failOn, migration.label, session.target.name);
      if (refusal) report.warn(refusal.message);
      const rest = chosen.migrations.slice(index + 1);
      if (rest.length > 0) report.note(`${rest.length} more pending after it: they are rehearsed once this one is applied.`);
      return;
    }
    const done = await journalled(
      context,
      session,
      { kind: 'migrate', what: migration.label, version: migration.name.version },
      async (journal) => {
        const prepared = await prepare(journal);
        showPlan(context, prepared, hazards);
        if (!prepared.rehearsal.proof.proven && !options.allowUnproven) throw notProven(prepared, session.target.name);
        const refusal = adviceRefusal(prepared.advice, tools.advisers?.failOn, migration.label, session.target.name);
        if (refusal) throw refusal;
        await confirmMigration(context, session.target, migration.label, hazards);
        const override = await passWindow(context, session, options, migration.label);
        return knowingWhatCameOfIt(session, migration.label, async () => {
          const applying = await applyMigration(context, session, { ...options, override }, prepared);
          await updateReport(context, session);
          if (prepared.advice) tools.advisers?.keep(applying.after, prepared.advice);
          return { ...applying, applied: { ...applying.applied, ...foundIn(prepared.advice) } };
        });
      },
    );
    result.applied.push(done.applied);
    present = { state: done.after, drift: [] };
    applied = [...applied, { version: migration.name.version, name: migration.name.name }].sort((a, b) =>
      compareVersions(a.version, b.version),
    );
  }
}

const foundIn = (advice: Advice | undefined) => (advice && 'findings' in advice ? { advice: advice.findings } : {});

const notProven = ({ migration, rehearsal, rollbackPath }: Prepared, target: string) =>
  refused('not_proven', `The rollback of ${migration.label} could not be proven: ${rehearsal.proof.reason}.`, {
    detail: rehearsal.proof.differences.slice(0, 20),
    state: `Nothing was changed on ${target}.`,
    next: `${rehearsal.proof.next ?? `Write the way back by hand into ${rollbackPath} (it will be rehearsed and proven).`} Or apply without a proven way back: --allow-unproven.`,
  });
