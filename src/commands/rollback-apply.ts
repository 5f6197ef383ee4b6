import type { Context } from '../context.ts';
import { attention, failed, Problem, refused, usage } from '../errors.ts';
import { completeRun, recordApplied, recordRun, removeApplied } from '../history/history.ts';
import { tableName, type KeptItem } from '../kept/item.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import { readKept, recordKept, recordReturned } from '../kept/record.ts';
import { noEffects, type Effects } from '../kept/effects.ts';
import { returnLater, runKeeping, withForesight } from '../kept/run.ts';
import { migrationName } from '../migration/file-name.ts';
import { changesBetween } from '../report/changes.ts';
import { loadSmokeTest } from '../smoke/load-test.ts';
import { passes, testedOf, type SmokeResult, type Tested } from '../smoke/result.ts';
import { runSmokeTest } from '../smoke/run-test.ts';
import { compareDumps } from '../snapshot/canonical.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { factDifferences, readFacts, type Facts } from '../snapshot/facts.ts';
import { snapshotId } from '../snapshot/manifest.ts';
import { captureState, type CapturedState } from '../snapshot/state.ts';
import { keepInTarget } from '../snapshot/store.ts';
import { writeSnapshot } from '../snapshot/take.ts';
import type { TargetSession } from '../target/session.ts';
import { blameOthers, openApply, withLockRetries } from '../transition/apply.ts';
import { runBatches, settle, timeoutStatements } from '../transition/execute.ts';
import { splitAtReturn, type Script } from '../transition/script.ts';
import type { Step, WayBack } from '../transition/way-back.ts';
import { toolVersion } from '../version.ts';
import { captureOptions } from './present.ts';
import type { PreparedRollback, RollbackOptions } from './rollback.ts';
import { tellReturned } from './tell-returned.ts';
import { seconds } from './text.ts';

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
  check: string;
  runIds: string[];
  returned: PutBackReport[];
}

/** Carries the way back out in one transaction, checks where it led before COMMIT, and records it. */
export async function applyRollback(context: Context, session: TargetSession, options: RollbackOptions, prepared: PreparedRollback): Promise<RolledBack> {
  const { report, config } = context;
  const { client, target, server } = session;
  const { goal, manifest } = prepared;
  const startedAt = context.now();
  const started = performance.now();
  report.step('Rolling back …');
  const work = await withForesight(noEffects, (seen) =>
    withLockRetries(config.settings, report, () => inOneTransaction(context, session, options, { ...prepared, way: widened(prepared.way, seen) }, startedAt, started)),
  );
  const durationMs = Math.round(performance.now() - started);
  report.step(`Rolled back in ${seconds(durationMs)}; the facts were checked before COMMIT`);
  for (const line of work.returned) tellReturned(context, line);

  const after = await captureState(client, target.settings, { ...captureOptions(context, session, options), known: { facts: work.facts, catalogCheck: work.check } });
  const afterManifest = await writeSnapshot(config.folders.snapshots, prepared.known, after, {
    name: `${manifest!.name}_after`,
    takenAt: context.now(),
    serverVersion: server.version,
    database: target.settings.database,
    applied: goal.snapshot.manifest.applied,
    provenance: prepared.provenance,
  });
  const tested = await smokeTest(context, session, goal.snapshot.manifest.applied);
  await client.query('begin');
  await keepInTarget(client, afterManifest, after, after);
  for (const runId of work.runIds) await completeRun(client, runId, { status: 'done', snapshotAfter: snapshotId(afterManifest), tested: testedOf(tested) ?? undefined });
  await client.query('commit');
  report.step(`Snapshot ${snapshotId(afterManifest)}`);
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
    throw failed('The rollback holds statements that can\'t run in a transaction.', {
      detail: script.execution.notes,
      state: `Nothing was changed on ${target.name}.`,
      next: `Take CONCURRENTLY and the like out of ${script.file}, then run the command again.`,
    });
  }
  await openApply(client, context.config.settings, present.catalogCheck, target.name);
  try {
    const filled = new Set<string>();
    const done: { undoes: string[]; restores: string[]; script: Script; kept: KeptItem[]; undoing: KeptItem[][]; reports: PutBackReport[]; later: boolean }[] = [];
    for (const step of way.steps) done.push({ ...step, ...(await runStep(client, step, options, context.config.settings.keepLimitBytes, filled, state)) });
    const unknown = Object.keys(options.fill ?? {}).find((place) => !filled.has(place));
    if (unknown !== undefined) throw usage(`--fill takes schema.table.column=<expression>; there is no column ${unknown}.`, { state });
    await settle(client, context.config.settings, 'the rollback', { state, next: 'Look at the rows it names, then run the command again.' });
    const facts = await readFacts(client, { insideTransaction: true });
    const differences = factDifferences(goalState.facts, facts);
    if (differences.length > 0 && !options.allowUnproven) {
      await blameOthers(client, present.catalogCheck, target.name);
      throw failed('On the target the rollback led to another schema than in the rehearsal, so it was not committed.', { detail: differences.slice(0, 20), state, next: 'Run the command again; if it stays so, choose another snapshot.' });
    }
    const check = await catalogCheck(client);
    await keepInTarget(client, manifest!, present, present);
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
        progress: null,
        startedAt: startedAt.toISOString(),
        durationMs: Math.round(performance.now() - started),
        environment: context.config.settings.environment ?? target.name,
        who: prepared.provenance.who,
        gitCommit: prepared.provenance.gitCommit,
        toolVersion,
      });
      await recordKept(client, runId, step.kept);
      if (!step.later) await recordReturned(client, runId, step.undoing.flat(), step.reports);
      runIds.push(runId);
    }
    await client.query('commit');
    for (const [index, step] of done.entries()) {
      if (step.later) step.reports = await returnLater(client, runIds[index]!, step.undoing, step.kept, timeoutStatements(context.config.settings));
    }
    return { facts, check, runIds, returned: done.flatMap(({ reports }) => reports).filter(({ table }) => remains(facts, table)) };
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** Rows that one step put back into a table which a later step removed are no news. */
const remains = (facts: Facts, table: string) => facts.base.facts().some(({ id }) => id.kind === 'table' && `${id.schema}.${id.name}` === table);

/** One step: what it removes is kept, what the migration destroyed is put back. */
async function runStep(client: TargetSession['client'], { undoes, restores, script, effects }: Step, options: RollbackOptions, limitBytes: number, filled: Set<string>, state: string) {
  const undoing = await readKept(client, undoes, restores);
  const { early, late } = splitAtReturn(script);
  const consequence = { state, next: 'Look at: npx supasnap status' };
  const mapped = await labelColumns(client, options.map ?? {});
  const result = await runKeeping(client, {
    effects: { ...effects, written: [...new Set([...effects.written, ...(await tablesOf(client, mapped))])] },
    prepare: () => mapLabels(client, mapped),
    keepData: options.keepData ?? 'auto',
    carry: true,
    limitBytes,
    undoing,
    state,
    early: () =>
      runBatches(client, script, early, consequence).catch((error: unknown) => {
        throw needsMap(error, state) ?? doesNotFit(error, state) ?? error;
      }),
    late: async () => {
      await fillMissing(client, options.fill ?? {}, filled);
      await runBatches(client, script, late, consequence).catch((error: unknown) => {
        throw needsFill(error, state) ?? doesNotFit(error, state) ?? error;
      });
    },
  });
  return { ...result, undoing };
}

interface LabelColumn {
  /** The table and the column, quoted. */
  reach: string;
  column: string;
  /** Of a column that holds an array of labels: its type. */
  array: string | null;
  label: string;
  other: string;
}

/** Columns of enum types whose labels are to be exchanged. */
async function labelColumns(client: TargetSession['client'], map: Record<string, string>): Promise<LabelColumn[]> {
  const found: LabelColumn[] = [];
  for (const [place, other] of Object.entries(map)) {
    const [schema, type, ...label] = place.split('.');
    if (!schema || !type || label.length === 0) throw usage(`--map takes schema.type.label=other, not "${place}=${other}".`, { state: 'Nothing was changed.' });
    const { rows } = await client.query<Omit<LabelColumn, 'label' | 'other'>>(
      `select format('%I.%I', n.nspname, c.relname) as reach, quote_ident(a.attname) as column, case when t.typelem <> 0 then format_type(t.oid, null) end as array
       from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition join pg_namespace n on n.oid = c.relnamespace
       join pg_type t on t.oid = a.atttypid join pg_type e on e.oid in (t.oid, t.typelem) and e.typtype = 'e' join pg_namespace m on m.oid = e.typnamespace
       where m.nspname = $1 and e.typname = $2 and not a.attisdropped`,
      [schema, type],
    );
    for (const row of rows) found.push({ ...row, label: label.join('.'), other });
  }
  return found;
}

/** The table of a column, as Effects name it. */
const tablesOf = async (client: TargetSession['client'], columns: LabelColumn[]): Promise<string[]> => {
  const { rows } = await client.query<{ schema: string; name: string }>(
    'select n.nspname as schema, c.relname as name from unnest($1::text[]) as reach join pg_class c on c.oid = to_regclass(reach) join pg_namespace n on n.oid = c.relnamespace',
    [columns.map(({ reach }) => reach)],
  );
  return rows.map(tableName);
};

async function mapLabels(client: TargetSession['client'], columns: LabelColumn[]): Promise<void> {
  for (const { reach, column, array, label, other } of columns) {
    if (array) await client.query(`update ${reach} set ${column} = array_replace(${column}::text[], $2, $1)::${array} where $2 = any(${column}::text[])`, [other, label]);
    else await client.query(`update ${reach} set ${column} = $1 where ${column}::text = $2`, [other, label]);
  }
}

/** Rows use a label that goes: a question, with the flag that answers it. */
function needsMap(error: unknown, state: string): Problem | undefined {
  const cause = error instanceof Problem ? (error.cause as { code?: string; message?: string } | undefined) : undefined;
  const label = cause?.code === '22P02' ? /^invalid input value for enum (.+?): "(.*)"$/s.exec(cause.message ?? '') : null;
  if (!label) return undefined;
  const type = label[1]!.replaceAll('"', '');
  return refused(`Rows use the label '${label[2]}' of ${type}, which goes with this rollback.`, {
    state,
    next: `Say which label they get instead: --map "${type.includes('.') ? type : `public.${type}`}.${label[2]}=<other label>"`,
    cause,
  });
}

async function fillMissing(client: TargetSession['client'], fill: Record<string, string>, filled: Set<string>): Promise<void> {
  for (const [place, expression] of Object.entries(fill)) {
    const { rows } = await client.query<{ reach: string; column: string }>(
      `select format('%I.%I', n.nspname, c.relname) as reach, quote_ident(a.attname) as column from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
         join pg_namespace n on n.oid = c.relnamespace where n.nspname || '.' || c.relname || '.' || a.attname = $1 and not a.attisdropped`,
      [place],
    );
    for (const { reach, column } of rows) {
      await client.query(`update ${reach} set ${column} = ${expression} where ${column} is null`);
      filled.add(place);
    }
  }
}

/** Rows that came since have no value for a returned column: a question, with the flag that answers it. */
function needsFill(error: unknown, state: string): Problem | undefined {
  const cause = error instanceof Problem ? (error.cause as { code?: string; schema?: string; table?: string; column?: string } | undefined) : undefined;
  if (cause?.code !== '23502' || !cause.column) return undefined;
  const place = `${cause.schema}.${cause.table}.${cause.column}`;
  return refused(`There are rows without a value for ${place}, which must not be null again.`, {
    state,
    next: `Say which value they get: --fill "${place}=<SQL expression>"`,
    cause,
  });
}

/** What the server says when rows meet a constraint or a type that returns: each of these is about rows, not about the plan. */
const misfits: Record<string, string> = {
  '23505': 'have a value twice that must be unique again',
  '23514': 'break a check that returns',
  '23503': 'point to rows that are not there',
  '23P01': 'are in each other\'s way under a constraint that returns',
  '22001': 'are too long for the type that returns',
  '22003': 'are out of range for the type that returns',
  '22P02': 'do not fit the type that returns',
  '22007': 'do not fit the type that returns',
};

/** Rows that came since have no place in the earlier schema: which, as far as the server says it, and how to find the others. */
function doesNotFit(error: unknown, state: string): Problem | undefined {
  const problem = error instanceof Problem ? error : undefined;
  const cause = problem?.cause as { code?: string; message?: string; detail?: string } | undefined;
  const words = misfits[cause?.code ?? ''];
  if (!problem || !words) return undefined;
  const check = /^\s*ALTER TABLE (.+?) ADD CONSTRAINT .+? CHECK (\(.*\))/s.exec(problem.place?.text ?? '');
  return refused(`Rows ${words}: ${cause!.message} (${cause!.code})`, {
    place: problem.place,
    detail: [...(cause!.detail ? [cause!.detail] : []), ...(check ? [`To see them: select * from ${check[1]} where not ${check[2]};`] : [])],
    state,
    next: 'Change those rows so that they fit, then run the command again.',
    cause,
  });
}

/** Going to a later snapshot brings migrations back: their rows are as they were recorded when they ran. */
async function restoreRow(client: TargetSession['client'], version: string, { history, goal: { snapshot } }: PreparedRollback): Promise<void> {
  const run = history.runs.filter((one) => one.kind === 'migrate' && one.version === version).at(-1);
  const name = snapshot.manifest.applied.find((row) => row.version === version)?.name ?? run?.name ?? '';
  await recordApplied(client, { version, name, statements: run?.statements ?? [], rollback: [] }, undefined);
}

async function smokeTest(context: Context, { client }: TargetSession, applied: { version: string; name: string | null }[]): Promise<SmokeResult | undefined> {
  const last = applied.at(-1);
  const label = last && (migrationName(`${last.version}_${last.name ?? ''}.sql`)?.label ?? last.version);
  const { config } = context;
  const test = label && (await loadSmokeTest(config.workdir, config.folders.tests, label));
  return test ? runSmokeTest(client, test.test, test.expectations, { statementTimeoutMs: config.settings.testTimeoutMs }) : undefined;
}

function requireSound({ goalState, goal: { snapshot } }: PreparedRollback, after: CapturedState, committed: Facts, tested: SmokeResult | undefined): void {
  const state = `The rollback to ${snapshot.id} is done and recorded.`;
  const meanwhile = factDifferences(committed, after.facts);
  if (meanwhile.length > 0) throw attention('Someone else changed the schema right after the rollback.', { detail: meanwhile.slice(0, 10), state, next: 'Look at: npx supasnap status' });
  const dumps = goalState.sql === after.sql ? [] : compareDumps(goalState.sql, after.sql).differences;
  if (dumps.length > 0) throw attention('The facts are equal, but pg_dump sees a difference to the snapshot.', { detail: dumps.slice(0, 20), state, next: 'Compare the two snapshot files.' });
  if (tested && !tested.ok) {
    throw attention(`The smoke test of ${tested.version} fails on the state that came back.`, {
      detail: tested.checks.filter((check) => !passes(check)).map(({ name, detail }) => `FAIL  ${name}${detail ? `: ${detail}` : ''}`),
      state,
      next: `Look at the rows it complains about: npx supasnap test ${tested.version}`,
    });
  }
}
