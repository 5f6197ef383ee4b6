import type { Context } from '../context.ts';
import { attention, failed } from '../errors.ts';
import { completeRun, recordApplied, recordRun, removeApplied, type AppliedMigration, type History, takenOut } from '../history/history.ts';
import type { KeptItem } from '../kept/item.ts';
import type { PutBackReport, Waiting } from '../kept/put-back.ts';
import { readKept, recordKept, recordReturned } from '../kept/record.ts';
import { locksReaders, noEffects, type Effects } from '../kept/effects.ts';
import { returnLater, runKeeping, withForesight } from '../kept/run.ts';
import { wentWith } from '../kept/went-with.ts';
import { migrationName } from '../migration/file-name.ts';
import { changesBetween } from '../report/changes.ts';
import { loadSmokeTest } from '../smoke/load-test.ts';
import { passes, testedOf, type SmokeResult, type Tested } from '../smoke/result.ts';
import { runSmokeTest } from '../smoke/run-test.ts';
import { compareDumps } from '../snapshot/canonical.ts';
import { factDifferences, type Facts } from '../snapshot/facts.ts';
import { snapshotId, type AppliedVersion } from '../snapshot/manifest.ts';
import { captureState, type CapturedState } from '../snapshot/state.ts';
import { keepInTarget } from '../snapshot/store.ts';
import { isPlatformItem, tableItems } from '../platform-rows/record.ts';
import { makeBuckets } from '../platform-rows/restore.ts';
import { withPlatformRows } from '../platform-rows/run.ts';
import { writeSnapshot } from '../snapshot/take.ts';
import type { TargetSession } from '../target/session.ts';
import { environmentName } from '../target/target.ts';
import { blameOthers, openApply, withLockRetries } from '../transition/apply.ts';
import { runBatches, settle, timeoutsOf, timeoutStatements } from '../transition/execute.ts';
import { cutLate, type Late } from '../transition/late.ts';
import { judgeBeforeCommit, knownOf, runLate, waitForLate } from '../transition/run-late.ts';
import { splitAtReturn, type Script } from '../transition/script.ts';
import { whileWatching } from '../transition/watch.ts';
import type { Step, WayBack } from '../transition/way-back.ts';
import { toolVersion } from '../version.ts';
import { captureOptions } from './present.ts';
import {
  answering,
  asQuestion,
  misfitTable,
  nameRoot,
  requireCasts,
  requireMatched,
  requirePlaced,
  type Placed,
} from './rollback-answers.ts';
import { keepAllRebuilt } from './rebuild-snapshots.ts';
import type { RollbackOptions } from './rollback.ts';
import type { PreparedRollback } from './rollback-prepare.ts';
import { tellNewSecrets } from './secrets.ts';
import { tellReturned } from './tell-returned.ts';
import { count, seconds } from './text.ts';

/** A rollback that was carried out. Times are milliseconds. */
export interface RolledBack {
  durationMs: number;
  undone: string[];
  restored: string[];
  snapshotBefore: string;
  snapshotAfter: string;
  tested: Tested | null;
  /** What came of the rows that were kept. */
  returned: PutBackReport[];
}

interface Work {
  facts: Facts;
  check: string | undefined;
  runIds: string[];
  returned: PutBackReport[];
  /** Rows that --without took out, by "schema.table". */
  without: [table: string, rows: number][];
}

/** Carries the way back out in one transaction, checks where it led before COMMIT, and records it. */
export async function applyRollback(
  given: Context,
  session: TargetSession,
  options: RollbackOptions,
  prepared: PreparedRollback,
): Promise<RolledBack> {
  const settings = timeoutsOf(given.config.settings, { statements: prepared.way.steps.flatMap(({ script }) => script.statements) });
  const context = { ...given, config: { ...given.config, settings } };
  const { report, config } = context;
  const { client, target, server } = session;
  const { manifest, journal, goalApplied } = prepared;
  const startedAt = context.now();
  const started = performance.now();
  await journal?.phase('applying');
  report.step('Rolling back …');
  const work = await whileWatching(session.target.settings, client, report, config.settings, () =>
    withForesight(noEffects, (seen) =>
      withLockRetries(config.settings, report, () =>
        inOneTransaction(context, session, options, { ...prepared, way: widened(prepared.way, seen) }, startedAt, started),
      ),
    ),
  );
  await journal?.phase('applied');
  const durationMs = Math.round(performance.now() - started);
  report.step(`Rolled back in ${seconds(durationMs)}; the facts were checked before COMMIT`);
  for (const line of work.returned) tellReturned(context, line);
  for (const [table, rows] of work.without)
    report.step(`  ${table}: ${count(rows, 'row')} taken out (--without); kept, and back when the migration is applied again`);

  const after = await captureState(client, target.settings, { ...captureOptions(context, session, options), ...knownOf(work) });
  const afterManifest = await writeSnapshot(config.folders.snapshots, prepared.known, after, {
    name: `${manifest!.name}_after`,
    takenAt: context.now(),
    serverVersion: server.version,
    database: target.settings.database,
    applied: goalApplied,
    predecessor: manifest!,
    provenance: prepared.provenance,
  });
  await journal?.phase('verified');
  const tested = await smokeTest(context, session, goalApplied);
  await client.query('begin');
  await keepInTarget(client, afterManifest, after, after);
  for (const runId of work.runIds)
    await completeRun(client, runId, { status: 'done', snapshotAfter: snapshotId(afterManifest), tested: testedOf(tested) ?? undefined });
  await client.query('commit');
  await journal?.phase('recorded');
  report.step(`Snapshot ${snapshotId(afterManifest)}`);
  tellNewSecrets(context, prepared.present, after);
  requireSound(prepared, after, work.facts, tested);
  return {
    durationMs,
    undone: prepared.undone,
    restored: prepared.restored,
    snapshotBefore: snapshotId(manifest!),
    snapshotAfter: snapshotId(afterManifest),
    tested: testedOf(tested),
    returned: work.returned,
  };
}

/** Rows of the target can show writes that the rehearsal without rows did not. */
const widened = (way: WayBack, { written }: Effects): WayBack => ({
  ...way,
  steps: way.steps.map((step) => ({ ...step, effects: { ...step.effects, written: [...new Set([...step.effects.written, ...written])] } })),
});

async function inOneTransaction(
  context: Context,
  session: TargetSession,
  options: RollbackOptions,
  prepared: PreparedRollback,
  startedAt: Date,
  started: number,
): Promise<Work> {
  const { client, target } = session;
  const { way, present, goalState, manifest, undone, restored } = prepared;
  const state = `Nothing was changed on ${target.name}: the transaction was rolled back.`;
  for (const { script } of way.steps) {
    if (script.execution.mode === 'transaction') continue;
    throw failed('transaction_control', "The rollback holds statements that can't run in a transaction.", {
      detail: script.execution.notes,
      state: `Nothing was changed on ${target.name}.`,
      next: `Take CONCURRENTLY and the like out of ${script.file}, then run the command again.`,
    });
  }
  const { settings } = context.config;
  await openApply(client, settings, present.catalogCheck, target.name);
  try {
    // Whatever takes long comes before the locks that keep others waiting.
    await keepAllRebuilt(client, prepared.rebuilt);
    await keepInTarget(client, manifest!, present, present);
    const end = endOf(prepared);
    if (end) await waitForLate(client, end);
    const held = way.steps.some(({ effects }) => locksReaders({ ...effects, exclusive: lockedBefore(effects, end) }))
      ? performance.now()
      : undefined;
    const placed: Placed = new Map();
    const done: {
      undoes: string[];
      restores: string[];
      script: Script;
      kept: KeptItem[];
      undoing: KeptItem[][];
      waiting: Waiting;
      reports: PutBackReport[];
      later: boolean;
    }[] = [];
    for (const step of way.steps)
      done.push({
        ...step,
        ...(await runStep(
          client,
          step,
          options,
          context.config.settings.keepLimitBytes,
          placed,
          state,
          step === way.steps.at(-1) ? { ...prepared, end, done: done.flatMap(({ undoing }) => undoing.flat()) } : undefined,
        )),
      });
    requirePlaced(options, placed, state);
    requireMatched(
      done.flatMap(({ reports }) => reports),
      options,
      state,
    );
    await settle(client, context.config.settings, 'the rollback', {
      state,
      next: 'Look at the rows it names, then run the command again.',
    });
    const { facts, check } = await judgeBeforeCommit(client, {
      goal: goalState.facts,
      late: end !== undefined,
      runLate: () =>
        runLate(client, {
          script: way.steps.at(-1)!.script,
          end: end!,
          timeouts: settings,
          held,
          expected: prepared.expected!,
          label: 'the rollback',
          consequence: { state, next: 'Look at: npx supasnap status' },
        }),
      otherwise: async (differences) => {
        if (options.allowUnproven) return;
        await blameOthers(client, present.catalogCheck, target.name);
        throw failed(
          'unexpected_result',
          'On the target the rollback led to another schema than in the rehearsal, so it was not committed.',
          {
            detail: differences.slice(0, 20),
            state,
            next: 'Run the command again; if it stays so, choose another snapshot.',
          },
        );
      },
    });
    await removeApplied(client, undone);
    for (const version of restored) await restoreRow(client, version, prepared);
    const runIds: string[] = [];
    for (const step of done) {
      const runId = await recordRun(client, {
        kind: 'rollback',
        status: 'applied',
        version: prepared.goal.snapshot.id,
        name: prepared.goal.what,
        fileSha256: null,
        statements: step.script.statements.map(({ text }) => text),
        undone: step.undoes,
        restored: step.restores,
        snapshotBefore: snapshotId(manifest!),
        snapshotAfter: null,
        rollbackSql: null,
        proof: way.proof,
        changes: changesBetween(present.facts, facts),
        tested: null,
        progress: rowsOnlyHere(step.undoes, prepared.history),
        startedAt: startedAt.toISOString(),
        durationMs: Math.round(performance.now() - started),
        environment: environmentName(target, context.config.settings.environment),
        overrideReason: null,
        who: prepared.provenance.who,
        gitCommit: prepared.provenance.gitCommit,
        toolVersion,
      });
      await recordKept(client, runId, step.kept);
      const rows = step.undoing.flat();
      await recordReturned(client, runId, step.later ? rows.filter(isPlatformItem) : rows, step.reports, step.waiting);
      runIds.push(runId);
    }
    await client.query('commit');
    for (const [index, step] of done.entries()) {
      if (step.later)
        step.reports = [
          ...step.reports,
          ...(await returnLater(client, runIds[index]!, tableItems(step.undoing), step.kept, timeoutStatements(context.config.settings))),
        ];
    }
    return {
      facts,
      check,
      runIds,
      returned: done.flatMap(({ reports }) => reports).filter(({ table, told }) => told || remains(facts, table)),
      without: [...placed].filter(([, rows]) => rows > 0),
    };
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** What of the last step can run last: nothing of it stands before the place where rows return. */
function endOf({ way, expected }: PreparedRollback): Late | undefined {
  const last = way.steps.at(-1);
  if (!last || expected === undefined) return undefined;
  const { early, late } = splitAtReturn(last.script);
  const end = cutLate([...early, ...late], last.effects.exclusive, early.length);
  return end.late.length > 0 ? end : undefined;
}

const lockedBefore = ({ exclusive }: Effects, end: Late | undefined): string[] => exclusive.filter((table) => !end?.tables.includes(table));

/** Rows that one step put back into a table which a later step removed are no news. */
const remains = (facts: Facts, table: string) =>
  facts.base.facts().some(({ id }) => id.kind === 'table' && `${id.schema}.${id.name}` === table);

/** One step: what it removes is kept, what the migration destroyed is put back; in the last one also what other runs since the goal kept, where the steps before have not put it back. */
async function runStep(
  client: TargetSession['client'],
  { undoes, restores, script, effects, byHand }: Step,
  options: RollbackOptions,
  limitBytes: number,
  placed: Placed,
  state: string,
  last?: PreparedRollback & { done: KeptItem[]; end: Late | undefined },
) {
  const done = new Set(last?.done.map(({ relation }) => relation));
  const undoing = (await readKept(client, undoes, restores, last?.outstanding)).map((items) =>
    items.filter(({ relation }) => !done.has(relation)),
  );
  if (last)
    undoing.push(
      ...wentWith(
        tableItems(await readKept(client, [], [], last.settled)),
        [...last.done, ...undoing.flat()],
        last.present.facts,
        last.goalState.facts,
      ),
    );
  const { early, late: all } = splitAtReturn(script);
  const late = last?.end?.main.slice(early.length) ?? all;
  const consequence = { state, next: 'Look at: npx supasnap status' };
  const answers = await answering(client, options, placed, tableItems(undoing).flat());
  // Where the server refuses rows that --without names, they go and it is asked again; those of the last step go before it is asked.
  const batches = async (list: typeof early): Promise<void> => {
    await client.query('savepoint supasnap_answers');
    try {
      await runBatches(client, script, list, consequence);
    } catch (error) {
      const place = misfitTable(error);
      await client.query('rollback to savepoint supasnap_answers');
      if (place === undefined || options.without?.[place] === undefined || placed.has(place)) {
        await nameRoot(client, error);
        throw asQuestion(error, state);
      }
      await answers.leaveOut(place);
      return batches(list);
    }
    await client.query('release savepoint supasnap_answers');
  };
  const buckets = last?.missing?.buckets ?? [];
  const result = await withPlatformRows(
    client,
    { undoing, foreseen: effects.written, keepData: options.keepData ?? 'auto', limitBytes, state, missing: last?.missing },
    (rows) =>
      runKeeping(client, {
        effects: {
          ...effects,
          exclusive: lockedBefore(effects, last?.end),
          written: [...new Set([...effects.written, ...answers.written, ...(buckets.length > 0 ? ['"storage"."buckets"'] : [])])],
        },
        prepare: answers.before,
        keepData: options.keepData ?? 'auto',
        carry: true,
        limitBytes,
        undoing: rows,
        state,
        early: () => batches(early),
        late: async () => {
          if (last !== undefined) await answers.leaveOut();
          await answers.whenBack();
          await batches(late);
          await makeBuckets(client, buckets);
        },
        // What was written by hand may convert values in its own way.
        ...(byHand
          ? {}
          : {
              onCasts: (changed) =>
                requireCasts(
                  changed.filter(({ column }) => !answers.mapped.includes(column)),
                  options,
                  state,
                ),
            }),
      }),
  );
  return { ...result, undoing };
}

/** Going to a later snapshot brings migrations back: their rows are as they were recorded when they ran. */
async function restoreRow(client: TargetSession['client'], version: string, { history, goalApplied }: PreparedRollback): Promise<void> {
  const run = history.runs.filter((one) => one.kind === 'migrate' && one.version === version).at(-1);
  const name = goalApplied.find((row) => row.version === version)?.name ?? run?.name ?? '';
  const removed = takenOut(history).findLast((row) => row.version === version);
  await recordApplied(client, { version, name, statements: run?.statements ?? removed?.statements ?? [], rollback: [] }, undefined);
}

/** History rows of what another tool applied: no run of ours holds them. */
function rowsOnlyHere(undone: string[], { applied, runs }: History): { rows: AppliedMigration[] } | null {
  const rows = applied.filter(
    ({ version }) => undone.includes(version) && !runs.some((run) => run.kind === 'migrate' && run.version === version),
  );
  return rows.length > 0 ? { rows } : null;
}

async function smokeTest(context: Context, { client }: TargetSession, applied: AppliedVersion[]): Promise<SmokeResult | undefined> {
  const last = applied.at(-1);
  const label = last && (migrationName(`${last.version}_${last.name ?? ''}.sql`)?.label ?? last.version);
  const { config } = context;
  const test = label && (await loadSmokeTest(config.workdir, config.folders.tests, label));
  return test ? runSmokeTest(client, test.test, test.expectations, { statementTimeoutMs: config.settings.testTimeoutMs }) : undefined;
}

function requireSound(
  { goalState, goal: { snapshot } }: PreparedRollback,
  after: CapturedState,
  committed: Facts,
  tested: SmokeResult | undefined,
): void {
  const state = `The rollback to ${snapshot.id} is done and recorded.`;
  const meanwhile = factDifferences(committed, after.facts);
  if (meanwhile.length > 0)
    throw attention('drift', 'Someone else changed the schema right after the rollback.', {
      detail: meanwhile.slice(0, 10),
      state,
      next: 'Look at: npx supasnap status',
    });
  const dumps = goalState.sql === after.sql ? [] : compareDumps(goalState.sql, after.sql).differences;
  if (dumps.length > 0)
    throw attention('unexpected_result', 'The facts are equal, but pg_dump sees a difference to the snapshot.', {
      detail: dumps.slice(0, 20),
      state,
      next: 'Compare the two snapshot files.',
    });
  if (tested && !tested.ok) {
    throw attention('test_failed', `The smoke test of ${tested.version} fails on the state that came back.`, {
      detail: tested.checks.filter((check) => !passes(check)).map(({ name, detail }) => `FAIL  ${name}${detail ? `: ${detail}` : ''}`),
      state,
      next: `Look at the rows it complains about: npx supasnap test ${tested.version}`,
    });
  }
}
