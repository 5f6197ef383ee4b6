import type pg from 'pg';
import { attention, Problem } from '../errors.ts';
import { recordApplied } from '../history/history.ts';
import { noEffects, type Effects } from '../kept/effects.ts';
import { readKeptForMigrate, recordKept } from '../kept/record.ts';
import { runKeeping, withForesight } from '../kept/run.ts';
import { withPlatformRows } from '../platform-rows/run.ts';
import { testedOf } from '../smoke/result.ts';
import { runSmokeTest } from '../smoke/run-test.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { factDifferences, readFacts } from '../snapshot/facts.ts';
import { snapshotId } from '../snapshot/manifest.ts';
import { loadIdentity } from '../snapshot/store.ts';
import { openApply, withLockRetries } from '../transition/apply.ts';
import { inTransaction, resetSession, runSteps, timeoutStatements } from '../transition/execute.ts';
import { count } from './text.ts';
import { historyRow, record, testFailure, type RunInput, type Work } from './migrate-record.ts';

/** A run that stopped between its steps, and the step to go on with (counted from 0). */
export interface Resumed {
  runId: string;
  from: number;
}

/**
 * Statements that can't share a transaction: how far they are is noted in the run. Once a step is committed users may build on it, so nothing is
 * undone by itself: where the end is not what was rehearsed, or the test fails, the run stays open for a rollback, which keeps what came since.
 */
export async function applyOutside(run: RunInput, resumed?: Resumed): Promise<Work> {
  const { context, session, prepared } = run;
  const { client } = session;
  const { script, migration } = prepared;
  if (script.execution.mode !== 'outside') throw new Error('not a script with steps');
  const { steps } = script.execution;
  const runId = resumed?.runId ?? (await withLockRetries(context.config.settings, context.report, () => begin(run, steps.length)));
  if (resumed) await noteStatus(client, runId, 'applying');
  const from = resumed?.from ?? 0;
  context.report.note(
    `${migration.label} holds statements that run outside a transaction: ${count(steps.length, 'step')}, each recorded when done${from > 0 ? `; the first ${from} are done` : ''}.`,
  );
  const waiting = (await readKeptForMigrate(client, migration.name.version)).flat();
  if (waiting.length > 0)
    context.report.warn(
      `What its rollback kept is not put back, for it runs in steps: ${[...new Set(waiting.map(({ table }) => `${table.schema}.${table.name}`))].join(', ')}. To see it: npx supasnap kept`,
    );
  const before = await loadIdentity(client, {
    id: snapshotId(prepared.manifest!),
    manifest: prepared.manifest!,
    inFolder: false,
    inTarget: true,
  });
  const ownTable = (key: string) => before !== undefined && !(key in before.things);
  const back = `go back to the state before: npx supasnap rollback ${snapshotId(prepared.manifest!)}`;
  const note = (progress: Progress) => noteProgress(client, runId, progress);
  try {
    await runSteps(client, script, steps, context.config.settings, {
      from,
      consequence: (done) =>
        done === 0 && steps[0]!.kind === 'transaction'
          ? { state: `Nothing was changed on ${session.target.name}.`, next: 'Correct the file and run the same command again.' }
          : {
              state: `${done === 0 ? 'No step' : `The first ${done}`} of ${steps.length} steps ${done === 0 ? 'is' : 'are'} done on ${session.target.name}${steps[done]?.kind === 'alone' ? '; the failed one may have left something incomplete' : ', the failed one is not'}. The migration is not recorded as applied.`,
              next: `Mend what stands in its way and go on (npx supasnap migrate --resume), or ${back}`,
            },
      // What runs alone is noted before and after: in between, only the database can tell.
      alone: async (step, carryOut) => {
        await note({ done: step, of: steps.length, begun: step });
        await carryOut();
        await client.query(resetSession);
        await note({ done: step + 1, of: steps.length });
      },
      transact: (step, carryOut) =>
        keepInStep(run, runId, ownTable, prepared.rehearsal.stepEffects[step] ?? noEffects, carryOut, () =>
          note({ done: step + 1, of: steps.length }),
        ),
    });
  } catch (error) {
    await client.query(resetSession).catch(() => {});
    await noteStatus(client, runId, 'failed').catch(() => {});
    throw error instanceof Problem && !error.state?.startsWith('Nothing')
      ? attention('unfinished_run', error.message, { ...error, cause: error })
      : error;
  }
  await client.query(resetSession);
  const facts = await readFacts(client, { insideTransaction: false });
  const check = await catalogCheck(client);
  const differences = factDifferences(prepared.rehearsal.after, facts);
  const test =
    prepared.test &&
    (await runSmokeTest(client, prepared.test.test, prepared.test.expectations, {
      statementTimeoutMs: context.config.settings.testTimeoutMs,
    }));
  if (differences.length > 0 || (test && !test.ok)) {
    await noteStatus(client, runId, 'failed');
    const state = `All ${steps.length} steps are done on ${session.target.name}; the migration is not recorded as applied.`;
    const next = `${capital(back)}, which keeps what users wrote since. Or, where it is as it should be: ${differences.length > 0 ? `npx supasnap repair --applied ${migration.name.version}` : 'mend what the test complains of, then npx supasnap migrate --resume'}`;
    if (test && !test.ok)
      throw attention('test_failed', `The smoke test of ${test.version} failed.`, { ...testFailure(test), state, next });
    throw attention('unexpected_result', 'The database did not become what the rehearsal showed.', {
      detail: differences.slice(0, 20),
      state,
      next,
    });
  }
  await client.query('begin');
  await recordApplied(client, historyRow(prepared), undefined);
  await client.query(
    'update supabase_migrations.supasnap_runs set status = $2, tested = $3, duration_ms = $4, applied_at = clock_timestamp() where id = $1',
    [runId, 'applied', JSON.stringify(testedOf(test)), Math.round(performance.now() - run.started)],
  );
  await client.query('commit');
  return { facts, check, runId, test, rollbackText: prepared.rollbackText, returned: [] };
}

/** How far a run is. `begun`: a step that runs alone was sent, and it is not known whether it came to its end. */
export interface Progress {
  done: number;
  of: number;
  begun?: number;
  /** Rows are not kept. */
  keeps?: 'never';
}

/** Beside what else is noted there, such as whether rows are kept. */
const noteProgress = (client: pg.Client, runId: string, progress: Progress) =>
  client.query("update supabase_migrations.supasnap_runs set progress = (coalesce(progress, '{}') - 'begun') || $2::jsonb where id = $1", [
    runId,
    JSON.stringify(progress),
  ]);

const noteStatus = (client: pg.Client, runId: string, status: 'applying' | 'failed') =>
  client.query('update supabase_migrations.supasnap_runs set status = $2 where id = $1', [runId, status]);

/** Records that the run begins, in a transaction that finds the target as it was rehearsed. */
async function begin(run: RunInput, of: number): Promise<string> {
  const { client } = run.session;
  await openApply(client, run.context.config.settings, run.prepared.before.catalogCheck, run.session.target.name);
  const runId = await record(run, {
    facts: run.prepared.rehearsal.after,
    test: undefined,
    status: 'applying',
    xid: undefined,
    unrecorded: true,
  });
  await noteProgress(client, runId, { done: 0, of });
  await client.query('commit');
  return runId;
}

/** One step that is a transaction: what it destroys or changes is kept with it, and that it is done is noted with it. */
const keepInStep = (
  { session: { client }, context, keepData }: RunInput,
  runId: string,
  ownTable: (key: string) => boolean,
  effects: Effects,
  carryOut: () => Promise<void>,
  done: () => Promise<unknown>,
): Promise<void> =>
  withForesight(effects, (known) =>
    inTransaction(client, context.config.settings, async () => {
      const { settings } = context.config;
      // What the step set for the session is not for our own statements.
      const early = async () => {
        await carryOut();
        await client.query(`${resetSession}; ${timeoutStatements(settings)}`);
      };
      const options = { keepData, limitBytes: settings.keepLimitBytes, state: 'This step was rolled back; the steps before it are done.' };
      const { kept } = await withPlatformRows(client, { ...options, undoing: [], foreseen: known.written }, () =>
        runKeeping(client, { ...options, effects: known, undoing: [], ownTable, early }),
      );
      await recordKept(client, runId, kept);
      await done();
    }),
  );

const capital = (words: string): string => words.replace(/^./, (letter) => letter.toUpperCase());
