import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { attention, failed } from '../errors.ts';
import type { Finding } from '../advice/finding.ts';
import { completeRun } from '../history/history.ts';
import { locksReaders, type Effects } from '../kept/effects.ts';
import { onlyFills, tableName, type KeptItem } from '../kept/item.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import { lastRollback, readKeptForMigrate, recordKept, recordParts, recordReturned } from '../kept/record.ts';
import { returnLater, runKeeping, withForesight } from '../kept/run.ts';
import { snapshotName } from '../migration/file-name.ts';
import { testedOf, type SmokeResult, type Tested } from '../smoke/result.ts';
import { runSmokeTestInTransaction } from '../smoke/run-test.ts';
import { factDifferences } from '../snapshot/facts.ts';
import { columnOrder } from '../snapshot/identity.ts';
import { snapshotId } from '../snapshot/manifest.ts';
import { captureState, type CapturedState } from '../snapshot/state.ts';
import { keepInTarget, noteKept } from '../snapshot/store.ts';
import { isPlatformItem, tableItems } from '../platform-rows/record.ts';
import { withPlatformRows } from '../platform-rows/run.ts';
import { writeSnapshot } from '../snapshot/take.ts';
import type { TargetSession } from '../target/session.ts';
import { headerStatements, runBatches, settle, timeoutsOf, timeoutStatements } from '../transition/execute.ts';
import { blameOthers, openApply, withLockRetries } from '../transition/apply.ts';
import { cutLate, type Late } from '../transition/late.ts';
import { judgeBeforeCommit, knownOf, runLate, testTime, waitForLate } from '../transition/run-late.ts';
import { writeRollbackFile } from '../transition/rollback-file.ts';
import { whileWatching } from '../transition/watch.ts';
import { captureOptions } from './present.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { applyOutside, type Resumed } from './migrate-outside.ts';
import type { Prepared } from './migrate-prepare.ts';
import { record, testFailed, type RunInput, type Work } from './migrate-record.ts';
import { tellNewSecrets } from './secrets.ts';
import { tellReturned } from './tell-returned.ts';
import { seconds } from './text.ts';

/** A migration that was applied. Times are milliseconds. */
export interface Applied {
  version: string;
  file: string;
  durationMs: number;
  snapshotBefore: string;
  snapshotAfter: string;
  rollback: string | undefined;
  proven: boolean;
  tested: Tested | null;
  /** What came of rows that an earlier rollback had kept. */
  returned: PutBackReport[];
  /** New findings of the platform's advisors; undefined where they were not asked. */
  advice?: Finding[];
}

/** Applies a prepared migration, or goes on with one that stopped between its steps, takes the snapshot after, and records both. */
export async function applyMigration(
  context: Context,
  session: TargetSession,
  options: MigrateOptions,
  prepared: Prepared,
  resumed?: Resumed,
): Promise<{ applied: Applied; after: CapturedState }> {
  const { report, config } = context;
  const { migration, manifest, script, journal } = prepared;
  const settings = timeoutsOf(config.settings, script);
  const startedAt = context.now();
  const started = performance.now();
  await journal?.phase('applying');
  report.step(`Applying ${migration.label} …`);
  const run: RunInput = {
    context: { ...context, config: { ...config, settings } },
    session,
    prepared,
    startedAt,
    started,
    keepData: options.keepData ?? 'auto',
    override: options.override,
  };
  const work =
    script.execution.mode === 'transaction'
      ? await whileWatching(session.target.settings, session.client, report, settings, () =>
          withForesight(prepared.rehearsal.effects, (effects) =>
            withLockRetries(settings, report, () => applyInTransaction(withEffects(run, effects), effects)),
          ),
        )
      : await applyOutside(run, resumed);
  await journal?.phase('applied');
  if (prepared.rehearsal.proof.proven && work.rollbackText !== undefined && work.rollbackText !== prepared.rollbackText)
    await writeRollbackFile(join(config.workdir, prepared.rollbackPath), work.rollbackText);
  const durationMs = Math.round(performance.now() - started);
  for (const line of work.returned) tellReturned(context, line);
  report.step(`Applied in ${seconds(durationMs)}${work.test ? `; ${work.test.version} smoke test: ${checked(work.test)}` : ''}`);

  const after = await captureState(session.client, session.target.settings, {
    ...captureOptions(context, session, options),
    ...knownOf(work),
  });
  const name = `${snapshotName(migration.name.label, migration.name.version)}_after`;
  const afterManifest = await writeSnapshot(config.folders.snapshots, prepared.known, after, {
    name,
    takenAt: context.now(),
    serverVersion: session.server.version,
    database: session.target.settings.database,
    applied: [...prepared.applied, { version: migration.name.version, name: migration.name.name }],
    predecessor: manifest!,
    provenance: prepared.provenance,
  });
  await journal?.phase('verified');
  await session.client.query('begin');
  await keepInTarget(session.client, afterManifest, after, after);
  await completeRun(session.client, work.runId, { status: 'done', snapshotAfter: snapshotId(afterManifest) });
  await session.client.query('commit');
  noteKept(prepared.known, afterManifest, after);
  await journal?.phase('recorded');
  report.step(`Snapshot ${snapshotId(afterManifest)}`);
  tellNewSecrets(context, prepared.before, after);
  const changedMeanwhile = factDifferences(work.facts, after.facts);
  if (changedMeanwhile.length > 0) {
    throw attention('drift', 'Someone else changed the schema right after the migration was applied.', {
      detail: changedMeanwhile.slice(0, 10),
      state: `${migration.label} is applied and recorded; snapshot ${snapshotId(afterManifest)} holds both changes.`,
      next: 'Look at: npx supasnap status',
    });
  }
  if (prepared.rehearsal.proof.proven && columnOrder(after.identity) === columnOrder(prepared.rehearsal.identity))
    await prepared.rehearsal.shadow.keep(after);
  return {
    after,
    applied: {
      version: migration.name.version,
      file: migration.label,
      durationMs,
      snapshotBefore: snapshotId(manifest!),
      snapshotAfter: snapshotId(afterManifest),
      rollback: existsSync(join(config.workdir, prepared.rollbackPath)) ? prepared.rollbackPath : undefined,
      proven: prepared.rehearsal.proof.proven,
      tested: testedOf(work.test),
      returned: work.returned,
    },
  };
}

/** What the target's rows show beyond the rehearsal belongs into the rollback file too. */
const withEffects = (run: RunInput, effects: Effects): RunInput =>
  effects === run.prepared.rehearsal.effects
    ? run
    : { ...run, prepared: { ...run.prepared, rollbackText: run.prepared.rollbackTextFor(effects) } };

/** Rows that only returned, because the change itself found nothing to do this time, belong into its rollback as they did the first time. */
function alsoReturned(effects: Effects, kept: KeptItem[], undoing: KeptItem[]): Effects {
  const names = (items: KeptItem[]) => items.flatMap((item) => (item.fate === 'stays' && !onlyFills(item) ? [tableName(item.table)] : []));
  const written = names(undoing).filter((name) => names(kept).includes(name) && !effects.written.includes(name));
  return written.length > 0 ? { ...effects, written: [...effects.written, ...written] } : effects;
}

/** The change, its proof, its test and its history in one transaction: all of it or nothing. */
async function applyInTransaction(run: RunInput, effects: Effects): Promise<Work> {
  const { context, session, prepared } = run;
  const { client } = session;
  const { script, migration } = prepared;
  const unchanged = {
    state: `Nothing was changed on ${session.target.name}: the transaction was rolled back.`,
    next: 'Correct the file and run the same command again.',
  };
  const { settings } = context.config;
  const { expected } = prepared.rehearsal;
  const whole = script.execution.mode === 'transaction' ? script.execution.batches : [];
  const end: Late = expected === undefined ? { main: whole, late: [], settings: '', tables: [] } : cutLate(whole, effects.exclusive);
  const xid = await openApply(client, settings, prepared.before.catalogCheck, session.target.name);
  try {
    // Whatever takes long comes before the locks that keep others waiting.
    await keepInTarget(client, prepared.manifest!, prepared.before, prepared.before);
    await waitForLate(client, end);
    const now = { ...effects, exclusive: effects.exclusive.filter((table) => !end.tables.includes(table)) };
    const held = locksReaders(now) ? performance.now() : undefined;
    const undoing = await readKeptForMigrate(client, migration.name.version);
    const after = await lastRollback(client, migration.name.version);
    const { kept, reports, later, parts, waiting } = await withPlatformRows(
      client,
      { undoing, foreseen: effects.written, keepData: run.keepData, limitBytes: settings.keepLimitBytes, state: unchanged.state },
      (rows) =>
        runKeeping(client, {
          effects: now,
          keepData: run.keepData,
          limitBytes: context.config.settings.keepLimitBytes,
          undoing: rows,
          after,
          state: unchanged.state,
          early: async () => {
            await client.query(headerStatements(script));
            await runBatches(client, script, end.main, unchanged);
            await settle(client, settings, migration.label, unchanged);
          },
        }),
    );
    const { facts, check } = await judgeBeforeCommit(client, {
      goal: prepared.rehearsal.after,
      late: end.late.length > 0,
      runLate: () =>
        runLate(client, { script, end, timeouts: settings, held, expected: expected!, label: migration.label, consequence: unchanged }),
      otherwise: async (differences) => {
        await blameOthers(client, prepared.before.catalogCheck, session.target.name);
        throw ledElsewhere(differences, unchanged.state);
      },
    });
    const test =
      prepared.test &&
      (await runSmokeTestInTransaction(client, prepared.test.test, prepared.test.expectations, {
        statementTimeoutMs: testTime(settings, end),
      }));
    if (test && !test.ok) throw testFailed(test, unchanged.state, end.late.length > 0 ? settings.lockTimeoutMs : undefined);
    const told = withEffects(run, alsoReturned(effects, kept, undoing.flat()));
    const runId = await record(told, { facts, test, status: 'applied', xid });
    await recordKept(client, runId, kept);
    await recordParts(client, runId, parts);
    const rows = undoing.flat();
    await recordReturned(client, runId, later ? rows.filter(isPlatformItem) : rows, reports, waiting);
    await client.query('commit');
    const returned = later
      ? [...reports, ...(await returnLater(client, runId, tableItems(undoing), kept, timeoutStatements(settings)))]
      : reports;
    return { facts, check, runId, test, rollbackText: told.prepared.rollbackText, returned };
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

const ledElsewhere = (differences: string[], state: string) =>
  failed('unexpected_result', 'On the target the migration led to another schema than in the rehearsal, so it was not committed.', {
    detail: differences.slice(0, 20),
    state,
    next: 'The file does something that depends on rows or settings of the target: let it say what it means, then run the same command again.',
  });

const checked = (test: SmokeResult) => `${test.checks.length} check${test.checks.length === 1 ? '' : 's'}, all ok`;
