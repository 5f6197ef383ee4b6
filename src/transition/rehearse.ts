import type pg from 'pg';
import { type Problem, refused } from '../errors.ts';
import type { Adviser } from '../advice/adviser.ts';
import { historySchema } from '../history/schema.ts';
import { rowsByHand } from '../kept/by-hand.ts';
import { noEffects, probeEffects, readEffects, type Effects } from '../kept/effects.ts';
import type { KeptItem } from '../kept/item.ts';
import { runKeeping, runReturning, withForesight } from '../kept/run.ts';
import type { Batch } from '../migration/transaction.ts';
import { emptyShadow } from '../shadow/empty.ts';
import { factsOn, guardsOf, onShadow, type Shadow } from '../shadow/shadow.ts';
import { quoteName } from '../sql-names.ts';
import { takeBack, type RehearsedRows } from '../platform-rows/on-shadow.ts';
import { readPlatformRows } from '../snapshot/jobs-and-queues.ts';
import { readFacts, type Facts } from '../snapshot/facts.ts';
import { readIdentity, type Identity } from '../snapshot/identity.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { Session, State } from '../snapshot/state.ts';
import { changesCluster } from './cluster.ts';
import { reachable, readExtensionVersions, withVersionsOf } from '../planner/extension-versions.ts';
import { inTransaction, runBatches, runSteps, timeoutStatements, untouched, type Timeouts } from './execute.ts';
import { forward, type Change, type ForwardInput } from './forward.ts';
import type { TransitionPlan } from '../planner/plan.ts';
import { planBack } from './plan-back.ts';
import { proveCommitted, type Judged } from './prove.ts';
import { rehearseRows, type RowsRehearsed } from './rehearse-rows.ts';
import { judge, unproven, type Proof } from './proof.ts';
import { renderRollbackBody } from './rollback-file.ts';
import { rollbackScript, splitAtReturn, type Script } from './script.ts';

/** What a rehearsal found: the state that the change leads to, the way back, and whether that way was seen to lead back. */
export interface Rehearsal {
  after: Facts;
  /** Which object is which on the shadow, after the change. */
  identity: Identity;
  /** What it does to rows. */
  effects: Effects;
  /** The same for each of its steps, where they can't be one transaction. */
  stepEffects: Effects[];
  rollback: Rollback | undefined;
  /** What of the server does not go back at all, in sentences. */
  stays?: string[];
  /** What became of made-up rows; undefined where the change touches none. */
  rows?: RowsRehearsed;
  /** Policies and triggers after the change; known only where it was committed on the shadow. */
  expected?: string;
  proof: Proof;
  shadow: Shadow;
  /** What it did to jobs and queues. */
  platform?: RehearsedRows;
  /** Rows that it inserts refer to rows which the shadow does not hold, so foreign keys were not asked there. */
  withoutParents?: true;
}

export interface Rollback {
  script: Script;
  /** The text of its file, without the header. */
  source: string;
  plan?: TransitionPlan;
  /** The same text for other effects than the rehearsal saw; there when the file run by hand does with rows what the program does. */
  sourceFor?: (migration: Effects) => string;
}

export interface RehearsalInput extends ForwardInput {
  version: string;
  /** A rollback written by hand, with the path to show. */
  handWritten?: { file: string; text: string };
  serverVersionNum: number;
  pgDump: PgDumpChoice;
  /** Looks at the shadow before the change and after it, where that can be committed. */
  adviser?: Pick<Adviser, 'before' | 'after'> | undefined;
}

/** Runs the change forward, finds the way back, runs that, compares, and runs the change again so that the shadow is as the target will be. */
export async function rehearse(shadow: Shadow, state: State, input: RehearsalInput): Promise<Rehearsal> {
  if (!shadow.commits) return rehearseUncommitted(shadow, state, input);
  if (shadow.kind !== 'embedded' && (await changesCluster(shadow, input.script, input.timeouts))) {
    return rehearseUncommitted(shadow, state, input);
  }
  await input.adviser?.before(shadow);
  const { identityBefore, versions, start } = await onShadow(shadow, async (client) => ({
    identityBefore: await readIdentity(client),
    versions: await readExtensionVersions(client),
    start: await readPlatformRows(client),
  }));
  const change = await forward(shadow, input);
  const advised = input.adviser?.after(shadow);
  const { effects, stepEffects } = change;
  const { platform, goal, stays, after, identity, rollback, reason } = await onShadow(shadow, async (client) => {
    const platform = { start, reached: await readPlatformRows(client) };
    const after = withVersionsOf(state.facts, await readFacts(client, factsOn(shadow, false)), versions);
    const identity = await readIdentity(client);
    const reached = await reachable(client, state, after);
    return {
      ...reached,
      platform,
      after,
      identity,
      ...(await findWayBack(client, shadow, reached.goal, input, { after, now: identity, before: identityBefore }, false)),
    };
  });
  await advised;
  const found = {
    after,
    identity,
    effects,
    stepEffects,
    rollback,
    shadow,
    platform,
    stays,
    ...(change.withoutParents ? { withoutParents: true as const } : {}),
  };
  if (!rollback) return { ...found, proof: unproven(shadow.name, reason!) };
  // On the target kept rows return where they are needed; rows of the file's own, by themselves, would only be in the way.
  await emptyShadow(shadow);
  const first = await tryRollback(shadow, goal, rollback, input, platform);
  if (!first.longer) return finishRehearsal({ ...found, proof: first.proof }, change, first.effects, input, state.session);
  await emptyShadow(shadow);
  await forward(shadow, input);
  await emptyShadow(shadow);
  const whole = await rollbackOf(input.version, first.longer);
  const second = await tryRollback(shadow, goal, { ...whole, plan: undefined }, input, platform);
  return finishRehearsal({ ...found, rollback: whole, proof: second.proof }, change, second.effects, input, state.session);
}

/** Leaves the shadow as the target will be, and gives the rollback file what returns rows when it is run by hand. */
async function finishRehearsal(
  rehearsal: Rehearsal,
  change: Change,
  rollback: Effects | undefined,
  input: RehearsalInput,
  { platformRights }: Session,
): Promise<Rehearsal> {
  const { shadow, proof } = rehearsal;
  if (!proof.proven) return rehearsal;
  await emptyShadow(shadow);
  const rows =
    rollback && touchesRows(change.effects) && rehearsal.rollback
      ? await rehearseRows(
          shadow,
          { script: input.script, effects: change.effects },
          { script: rehearsal.rollback.script, effects: rollback },
          input.timeouts,
        )
      : undefined;
  await forward(shadow, input);
  const withRows = rollback && (await addRows(rehearsal, change, rollback, input, platformRights));
  await emptyShadow(shadow);
  const expected = await guardsOf(shadow);
  const lost = rows && whatRowsLost(shadow, rows);
  return {
    ...rehearsal,
    expected,
    ...(rows ? { rows } : {}),
    ...(withRows ? { rollback: withRows } : {}),
    ...(lost ? { proof: lost } : {}),
  };
}

function whatRowsLost({ name }: Shadow, rows: RowsRehearsed): Proof | undefined {
  if ('refused' in rows) {
    const { message, next } = rows.refused;
    return { ...unproven(name, `made-up rows could not come back: ${message.replace(/\.$/, '')}`), ...(next ? { next } : {}) };
  }
  if ('untried' in rows || rows.changed.length === 0) return undefined;
  return unproven(
    name,
    'made-up rows did not come back as they were',
    rows.changed.map((table) => `rows of ${table.replaceAll(/"(\w+)"/g, '$1')}`),
  );
}

const touchesRows = ({ dropped, doomed, written }: Effects): boolean => dropped.length + Object.keys(doomed).length + written.length > 0;

/** The file is run as by hand once, in a transaction that is rolled back; undefined where that fails. */
async function addRows(
  { rollback, shadow }: Rehearsal,
  { effects, before, after }: Change,
  removal: Effects,
  input: RehearsalInput,
  platformRights: boolean,
): Promise<Rollback | undefined> {
  if (!rollback?.plan || rollback.script.execution.mode === 'outside' || input.script.execution.mode === 'outside') return undefined;
  const { plan } = rollback;
  const rowsFor = (migration: Effects) =>
    rowsByHand({ version: input.version, before, after, migration, rollback: removal, platformRights });
  const sourceFor = (migration: Effects) => renderRollbackBody(input.version, plan, rowsFor(migration));
  const script = await rollbackScript(
    rollback.script.file,
    renderRollbackBody(input.version, plan, { ...rowsFor(effects), alone: true }),
    true,
  );
  const { execution } = script;
  if (execution.mode === 'outside') return undefined;
  return onShadow(shadow, async (client) => {
    await client.query('begin');
    try {
      await client.query(historySchema);
      await runBatches(client, script, execution.batches, untouched);
      return { ...rollback, source: sourceFor(effects), sourceFor };
    } catch {
      return undefined;
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });
}

function requireBack(differing: string[]): void {
  if (differing.length > 0) throw new Error(`not as before: ${differing.join(', ')}`);
}

type Tried = Judged & { effects?: Effects };

async function tryRollback(
  shadow: Shadow,
  state: State,
  { script, plan }: Rollback,
  input: RehearsalInput,
  platform: RehearsedRows,
): Promise<Tried> {
  const run = await onShadow(shadow, async (client) => {
    const effects = await runRollback(client, script, input.timeouts);
    requireBack(await takeBack(client, platform));
    return effects;
  }).then(
    (effects) => ({ effects }),
    (error: unknown) => ({ failure: asReason(error) }),
  );
  return 'failure' in run
    ? { proof: unproven(shadow.name, run.failure) }
    : { ...(await proveCommitted(shadow, state, input, plan)), effects: run.effects };
}

/** The same inside one transaction that is rolled back: facts judge alone, and what can't run in a transaction can't be proven. */
async function rehearseUncommitted(shadow: Shadow, state: State, input: RehearsalInput): Promise<Rehearsal> {
  const { execution } = input.script;
  if (execution.mode === 'outside') {
    const incomplete = state.facts.base
      .facts()
      .flatMap(({ id, payload }) =>
        id.kind === 'index' && payload.valid === false ? [`${quoteName(id.schema)}.${quoteName(id.name)}`] : [],
      );
    throw refused(
      'shadow_failed',
      "This file can't be rehearsed: it holds statements that run outside a transaction, and no shadow of its own is to be had.",
      {
        detail: execution.notes,
        state: 'Nothing was changed.',
        next:
          incomplete.length > 0
            ? `No shadow can hold an incomplete index. Drop it first, then run the command again: drop index concurrently ${incomplete.join(', ')};`
            : "Give an empty database with --shadow <url>, or install an embedded PostgreSQL of the target's version (npx supasnap doctor says how).",
      },
    );
  }
  return onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(input.timeouts)}`);
    try {
      const identityBefore = await readIdentity(client);
      const start = await readPlatformRows(client);
      const { effects, kept } = await forwardUncommitted(client, shadow, input.script, execution.batches);
      await client.query('set constraints all immediate; reset all');
      const after = await readFacts(client, factsOn(shadow, true));
      const identity = await readIdentity(client);
      const platform = { start, reached: await readPlatformRows(client) };
      const { goal, stays } = await reachable(client, state, after);
      const { rollback, reason } = await findWayBack(client, shadow, goal, input, { after, now: identity, before: identityBefore }, true);
      const found = { after, identity, effects, stepEffects: [], rollback, shadow, platform, stays };
      if (!rollback) return { ...found, proof: unproven(shadow.name, reason!) };
      const failure = await runScript(client, rollback.script, [kept])
        .then(() => takeBack(client, platform))
        .then(requireBack)
        .then(() => undefined, asReason);
      if (failure) return { ...found, proof: unproven(shadow.name, failure) };
      const back = await readFacts(client, factsOn(shadow, true));
      return { ...found, proof: judge(shadow.name, { facts: goal.facts }, { facts: back }) };
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });
}

/** On the target itself there are rows: they are kept as they will be, so that the way back can return them. */
async function forwardUncommitted(
  client: pg.Client,
  shadow: Shadow,
  script: Script,
  batches: Batch[],
): Promise<{ effects: Effects; kept: KeptItem[] }> {
  const run = () => runBatches(client, script, batches, untouched);
  const shapes = await probeEffects(client);
  await client.query('savepoint supasnap_probe');
  await run();
  const effects = await readEffects(client, shapes, script);
  if (shadow.kind !== 'target') return { effects, kept: [] };
  await client.query('rollback to savepoint supasnap_probe');
  await client.query(historySchema);
  await client.query('savepoint supasnap_probe');
  return withForesight(effects, async (known) => {
    await client.query('rollback to savepoint supasnap_probe');
    const { kept } = await runKeeping(client, {
      effects: known,
      keepData: 'always',
      limitBytes: 0,
      undoing: [],
      early: run,
      state: untouched.state,
    });
    return { effects: known, kept };
  });
}

/** The rollback written by hand, or the statements planned from the state reached to the state before. */
async function findWayBack(
  client: pg.Client,
  shadow: Shadow,
  state: State,
  input: RehearsalInput,
  reached: { after: Facts; now: Identity; before: Identity },
  insideTransaction: boolean,
): Promise<{ rollback: Rehearsal['rollback']; reason?: string }> {
  if (input.handWritten) {
    const { file, text } = input.handWritten;
    const script = await rollbackScript(file, text);
    if (script.execution.mode === 'outside')
      return {
        rollback: undefined,
        reason: `${file} holds statements that can't run in a transaction, and "npx supasnap rollback" runs it in one`,
      };
    return { rollback: { script, source: text } };
  }
  try {
    const plan = await planBack(client, shadow, state, reached, insideTransaction);
    return { rollback: await rollbackOf(input.version, plan) };
  } catch (error) {
    return { rollback: undefined, reason: asReason(error) };
  }
}

async function rollbackOf(version: string, plan: TransitionPlan): Promise<Rollback> {
  const source = renderRollbackBody(version, plan);
  return { script: await rollbackScript(`supabase/rollback/${version}_rollback.sql`, source), source, plan };
}

/** Runs a rollback in one transaction, or in its own steps where it needs them, and tells what it does to rows. */
export async function runRollback(client: pg.Client, script: Script, timeouts: Timeouts): Promise<Effects> {
  if (script.execution.mode === 'outside') {
    await runSteps(client, script, script.execution.steps, timeouts, { consequence: () => untouched });
    return noEffects;
  }
  return inTransaction(client, timeouts, async () => {
    const shapes = await probeEffects(client);
    await runScript(client, script);
    return readEffects(client, shapes, script);
  });
}

/** Runs a rollback inside the open transaction; `undoing` are copies whose rows return on the way. */
export async function runScript(client: pg.Client, script: Script, undoing: KeptItem[][] = []): Promise<void> {
  if (script.execution.mode === 'outside') throw new Error("it holds statements that can't run in a transaction");
  const { early, late } = splitAtReturn(script);
  await runReturning(
    client,
    undoing,
    () => runBatches(client, script, early, untouched),
    () => runBatches(client, script, late, untouched),
  );
}

export const asReason = (error: unknown): string => {
  const problem = error as Problem;
  return problem.place ? `${problem.message} (line ${problem.place.line}: ${problem.place.text.trim()})` : problem.message;
};
