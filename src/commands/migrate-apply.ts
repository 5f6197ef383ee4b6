import { join } from 'node:path';
import type { Context } from '../context.ts';
import { attention, failed, Problem } from '../errors.ts';
import { completeRun, recordApplied, recordRun } from '../history/history.ts';
import { noEffects, type Effects } from '../kept/effects.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import { lastRollback, readKeptForMigrate, readKeptOfRun, recordKept, recordReturned } from '../kept/record.ts';
import { returnLater, runKeeping, withForesight, type KeepData } from '../kept/run.ts';
import { snapshotName } from '../migration/file-name.ts';
import { historyStatements } from '../migration/statements.ts';
import { changesBetween } from '../report/changes.ts';
import { passes, testedOf, type SmokeResult, type Tested } from '../smoke/result.ts';
import { runSmokeTest, runSmokeTestInTransaction } from '../smoke/run-test.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { factDifferences, readFacts, type Facts } from '../snapshot/facts.ts';
import { columnOrder } from '../snapshot/identity.ts';
import { snapshotId } from '../snapshot/manifest.ts';
import { captureState, type CapturedState } from '../snapshot/state.ts';
import { keepInTarget } from '../snapshot/store.ts';
import { writeSnapshot } from '../snapshot/take.ts';
import type { TargetSession } from '../target/session.ts';
import { headerStatements, inTransaction, runBatches, runSteps, settle, timeoutStatements } from '../transition/execute.ts';
import { blameOthers, openApply, withLockRetries } from '../transition/apply.ts';
import { writeRollbackFile } from '../transition/rollback-file.ts';
import { whileWatching } from '../transition/watch.ts';
import { runRollback, runScript } from '../transition/rehearse.ts';
import { captureOptions } from './present.ts';
import type { MigrateOptions } from './migrate-options.ts';
import type { Prepared } from './migrate-prepare.ts';
import { tellReturned } from './tell-returned.ts';
import { seconds } from './text.ts';
import { toolVersion } from '../version.ts';

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
}

interface Work {
  facts: Facts;
  check: string;
  runId: string;
  test: SmokeResult | undefined;
  /** The rollback file's, as it was recorded. */
  rollbackText: string | undefined;
  /** What came of rows that an earlier rollback had kept. */
  returned: PutBackReport[];
}

/** Applies a prepared migration, takes the snapshot after, and records both. */
export async function applyMigration(context: Context, session: TargetSession, options: MigrateOptions, prepared: Prepared): Promise<{ applied: Applied; after: CapturedState }> {
  const { report, config } = context;
  const { migration, manifest, script } = prepared;
  const startedAt = context.now();
  const started = performance.now();
  report.step(`Applying ${migration.label} …`);
  const run: RunInput = { context, session, prepared, startedAt, started, keepData: options.keepData ?? 'auto' };
  const work =
    script.execution.mode === 'transaction'
      ? await whileWatching(session.target.settings, session.client, report, config.settings, () => withForesight(prepared.rehearsal.effects, (effects) => withLockRetries(config.settings, report, () => applyInTransaction(withEffects(run, effects), effects))))
      : await applyOutside(run);
  if (work.rollbackText !== undefined && work.rollbackText !== prepared.rollbackText) await writeRollbackFile(join(config.workdir, prepared.rollbackPath), work.rollbackText);
  const durationMs = Math.round(performance.now() - started);
  for (const line of work.returned) tellReturned(context, line);
  report.step(`Applied in ${seconds(durationMs)}${work.test ? `; ${work.test.version} smoke test: ${checked(work.test)}` : ''}`);

  const after = await captureState(session.client, session.target.settings, { ...captureOptions(context, session, options), known: { facts: work.facts, catalogCheck: work.check } });
  const name = `${snapshotName(migration.name.label, migration.name.version)}_after`;
  const afterManifest = await writeSnapshot(config.folders.snapshots, prepared.known, after, {
    name,
    takenAt: context.now(),
    serverVersion: session.server.version,
    database: session.target.settings.database,
    applied: [...prepared.applied, { version: migration.name.version, name: migration.name.name }],
    provenance: prepared.provenance,
  });
  await session.client.query('begin');
  await keepInTarget(session.client, afterManifest, after, after);
  await completeRun(session.client, work.runId, { status: 'done', snapshotAfter: snapshotId(afterManifest) });
  await session.client.query('commit');
  report.step(`Snapshot ${snapshotId(afterManifest)}`);
  const changedMeanwhile = factDifferences(work.facts, after.facts);
  if (changedMeanwhile.length > 0) {
    throw attention('Someone else changed the schema right after the migration was applied.', {
      detail: changedMeanwhile.slice(0, 10),
      state: `${migration.label} is applied and recorded; snapshot ${snapshotId(afterManifest)} holds both changes.`,
      next: 'Look at: npx supasnap status',
    });
  }
  if (prepared.rehearsal.proof.proven && columnOrder(after.identity) === columnOrder(prepared.rehearsal.identity)) await prepared.rehearsal.shadow.keep(after);
  return {
    after,
    applied: {
      version: migration.name.version,
      file: migration.label,
      durationMs,
      snapshotBefore: snapshotId(manifest!),
      snapshotAfter: snapshotId(afterManifest),
      rollback: prepared.rollbackText === undefined ? undefined : prepared.rollbackPath,
      proven: prepared.rehearsal.proof.proven,
      tested: testedOf(work.test),
      returned: work.returned,
    },
  };
}

interface RunInput {
  context: Context;
  session: TargetSession;
  prepared: Prepared;
  startedAt: Date;
  started: number;
  keepData: KeepData;
}

/** What the target's rows show beyond the rehearsal belongs into the rollback file too. */
const withEffects = (run: RunInput, effects: Effects): RunInput =>
  effects === run.prepared.rehearsal.effects ? run : { ...run, prepared: { ...run.prepared, rollbackText: run.prepared.rollbackTextFor(effects) } };

/** The change, its proof, its test and its history in one transaction: all of it or nothing. */
async function applyInTransaction(run: RunInput, effects: Effects): Promise<Work> {
  const { context, session, prepared } = run;
  const { client } = session;
  const { script, migration } = prepared;
  const unchanged = { state: `Nothing was changed on ${session.target.name}: the transaction was rolled back.`, next: 'Correct the file and run the same command again.' };
  const xid = await openApply(client, context.config.settings, prepared.before.catalogCheck, session.target.name);
  try {
    const undoing = await readKeptForMigrate(client, migration.name.version);
    const { kept, reports, later } = await runKeeping(client, {
      effects,
      keepData: run.keepData,
      limitBytes: context.config.settings.keepLimitBytes,
      undoing,
      after: await lastRollback(client, migration.name.version),
      state: unchanged.state,
      early: async () => {
        await client.query(headerStatements(script));
        if (script.execution.mode === 'transaction') await runBatches(client, script, script.execution.batches, unchanged);
        await settle(client, context.config.settings, migration.label, unchanged);
      },
      late: async () => {},
    });
    const facts = await readFacts(client, { insideTransaction: true });
    const differences = factDifferences(prepared.rehearsal.after, facts);
    if (differences.length > 0) {
      await blameOthers(client, prepared.before.catalogCheck, session.target.name);
      throw ledElsewhere(differences, unchanged.state);
    }
    const check = await catalogCheck(client);
    const test = prepared.test && (await runSmokeTestInTransaction(client, prepared.test.test, prepared.test.expectations, { statementTimeoutMs: context.config.settings.testTimeoutMs }));
    if (test && !test.ok) throw testFailed(test, unchanged.state);
    const runId = await record(run, { facts, test, status: 'applied', xid });
    await recordKept(client, runId, kept);
    if (!later) await recordReturned(client, runId, undoing.flat(), reports);
    await client.query('commit');
    const returned = later ? await returnLater(client, runId, undoing, kept, timeoutStatements(context.config.settings)) : reports;
    return { facts, check, runId, test, rollbackText: prepared.rollbackText, returned };
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** Statements that can't share a transaction: each is noted in the run before the next begins; a failed test rolls all back. */
async function applyOutside(run: RunInput): Promise<Work> {
  const { context, session, prepared } = run;
  const { client } = session;
  const { script, migration } = prepared;
  if (script.execution.mode !== 'outside') throw new Error('not a script with steps');
  const { steps } = script.execution;
  context.report.note(`${migration.label} holds statements that run outside a transaction: ${steps.length} steps, each recorded when done.`);
  await openApply(client, context.config.settings, prepared.before.catalogCheck, session.target.name);
  const runId = await record(run, { facts: prepared.rehearsal.after, test: undefined, status: 'applying', xid: undefined, unrecorded: true });
  await client.query('commit');
  const undo = `To go back to the state before: npx supasnap rollback ${snapshotId(prepared.manifest!)}`;
  try {
    await runSteps(
      client,
      script,
      steps,
      context.config.settings,
      (done) => ({ state: done === 0 ? `Nothing was changed on ${session.target.name}.` : `The first ${done} of ${steps.length} steps are done on ${session.target.name}; the failed one is not. The migration is not recorded as applied.`, next: undo }),
      async (step) => {
        await client.query('update supabase_migrations.supasnap_runs set progress = $2 where id = $1', [runId, JSON.stringify({ done: step + 1, of: steps.length })]);
      },
      (step, carryOut) => keepInStep(run, runId, prepared.rehearsal.stepEffects[step] ?? noEffects, carryOut),
    );
  } catch (error) {
    await client.query("update supabase_migrations.supasnap_runs set status = 'failed' where id = $1", [runId]).catch(() => {});
    throw error instanceof Problem && !error.state?.startsWith('Nothing') ? attention(error.message, { ...error, cause: error }) : error;
  }
  await client.query('reset all; reset role');
  const facts = await readFacts(client, { insideTransaction: false });
  const check = await catalogCheck(client);
  const differences = factDifferences(prepared.rehearsal.after, facts);
  const test = prepared.test && (await runSmokeTest(client, prepared.test.test, prepared.test.expectations, { statementTimeoutMs: context.config.settings.testTimeoutMs }));
  if (differences.length > 0 || (test && !test.ok)) {
    await undoOutside(run, runId);
    throw test && !test.ok
      ? testFailed(test, `The migration was rolled back with its proven rollback; ${session.target.name} is as before.`)
      : failed('The database did not become what the rehearsal showed.', { detail: differences.slice(0, 20), state: `The migration was rolled back; ${session.target.name} is as before.`, next: 'Run the command again.' });
  }
  await client.query('begin');
  await recordApplied(client, historyRow(prepared), undefined);
  await client.query('update supabase_migrations.supasnap_runs set status = $2, tested = $3, duration_ms = $4, applied_at = clock_timestamp() where id = $1', [
    runId,
    'applied',
    JSON.stringify(testedOf(test)),
    Math.round(performance.now() - run.started),
  ]);
  await client.query('commit');
  return { facts, check, runId, test, rollbackText: prepared.rollbackText, returned: [] };
}

/** One step that is a transaction: what it destroys or changes is kept with it. */
const keepInStep = ({ session: { client }, context, keepData }: RunInput, runId: string, effects: Effects, carryOut: () => Promise<void>): Promise<void> =>
  withForesight(effects, (known) =>
    inTransaction(client, context.config.settings, async () => {
      const { settings } = context.config;
      const { kept } = await runKeeping(client, { effects: known, keepData, limitBytes: settings.keepLimitBytes, undoing: [], early: carryOut, late: async () => {}, state: 'This step was rolled back; the steps before it are done.' });
      await recordKept(client, runId, kept);
    }),
  );

async function undoOutside({ session: { client }, prepared, context }: RunInput, runId: string): Promise<void> {
  const { rollback } = prepared.rehearsal;
  const { settings } = context.config;
  try {
    if (!rollback) throw new Error('there is no rollback for it');
    const kept = await readKeptOfRun(client, runId);
    if (rollback.script.execution.mode === 'outside') await runRollback(client, rollback.script, settings);
    else await inTransaction(client, settings, () => runScript(client, rollback.script, [kept]));
  } catch (error) {
    throw attention(`${prepared.migration.label} was carried out, its check failed, and rolling it back failed too: ${(error as Error).message}`, {
      state: 'Its statements are done; it is not recorded as applied.',
      next: `Go back to the state before: npx supasnap rollback ${snapshotId(prepared.manifest!)}`,
    });
  }
  await client.query("update supabase_migrations.supasnap_runs set status = 'undone' where id = $1", [runId]);
}

async function record(
  { session, prepared, context, startedAt, started, keepData }: RunInput,
  work: { facts: Facts; test: SmokeResult | undefined; status: string; xid: string | undefined; unrecorded?: boolean },
): Promise<string> {
  const { client } = session;
  const { migration, manifest, rehearsal, before, provenance } = prepared;
  await keepInTarget(client, manifest!, before, before);
  if (!work.unrecorded && !(await recordApplied(client, historyRow(prepared), work.xid))) {
    throw failed(`${migration.label} ended the transaction that was to make it safe.`, {
      state: `It is not recorded as applied; look at what it left: npx supasnap status`,
      next: 'Take COMMIT and ROLLBACK out of the file, and out of procedures that it calls.',
    });
  }
  return recordRun(client, {
    kind: 'migrate',
    status: work.status,
    version: migration.name.version,
    name: migration.name.name,
    fileSha256: migration.sha256,
    statements: migration.history,
    undone: null,
    restored: null,
    snapshotBefore: snapshotId(manifest!),
    snapshotAfter: null,
    rollbackSql: prepared.rollbackText ?? null,
    proof: rehearsal.proof,
    changes: changesBetween(before.facts, work.facts),
    tested: testedOf(work.test),
    progress: keepData === 'never' ? { keeps: 'never' } : null,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - started),
    environment: context.config.settings.environment ?? session.target.name,
    who: provenance.who,
    gitCommit: provenance.gitCommit,
    toolVersion,
  });
}

const historyRow = ({ migration, rollbackText }: Prepared) => ({
  version: migration.name.version,
  name: migration.name.name,
  statements: migration.history,
  rollback: rollbackText === undefined ? [] : historyStatements(rollbackText),
});

const ledElsewhere = (differences: string[], state: string) =>
  failed('On the target the migration led to another schema than in the rehearsal, so it was not committed.', {
    detail: differences.slice(0, 20),
    state,
    next: 'The file does something that depends on rows or settings of the target: let it say what it means, then run the same command again.',
  });

const testFailed = (test: SmokeResult, state: string) =>
  failed(`The smoke test of ${test.version} failed, so the migration was not kept.`, {
    place: test.problem?.place,
    detail: [
      ...(test.problem ? [test.problem.message, ...test.problem.detail] : []),
      ...test.checks.filter((check) => !passes(check)).map(({ name, detail }) => `FAIL  ${name}${detail ? `: ${detail}` : ''}`),
    ],
    state,
    next: `Correct the migration or ${test.file}, then run the same command again.`,
  });

const checked = (test: SmokeResult) => `${test.checks.length} check${test.checks.length === 1 ? '' : 's'}, all ok`;
