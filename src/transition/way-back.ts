import { type Effects, noEffects, probeEffects, readEffects } from '../kept/effects.ts';
import { readKept } from '../kept/record.ts';
import { tableItems } from '../platform-rows/record.ts';
import { factsOn, onShadow, type Shadow } from '../shadow/shadow.ts';
import { readFacts, type Facts } from '../snapshot/facts.ts';
import { carryIdentity, readIdentity, returnedAs, type Identity } from '../snapshot/identity.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { Anchor, State } from '../snapshot/state.ts';
import { timeoutStatements, type Timeouts } from './execute.ts';
import { planStatements, planText, type TransitionPlan } from '../planner/plan.ts';
import { judge, unproven, type Proof } from './proof.ts';
import { proveCommitted, type Judged } from './prove.ts';
import { clusterCheck } from '../snapshot/catalog-check.ts';
import { planBack } from './plan-back.ts';
import { asReason, runRollback, runScript } from './rehearse.ts';
import { rollbackScript, type Script } from './script.ts';

/** One part of the way: the rollback of one migration, or a plan that leads to the goal at once. */
export interface Step {
  /** The migrations that it undoes, newest first. */
  undoes: string[];
  /** Migrations that it brings back, oldest first. */
  restores: string[];
  script: Script;
  /** What it does to rows, as seen on the shadow. */
  effects: Effects;
  /** Its rollback file was written by a person. */
  byHand?: boolean;
}

/** The way from the present to an earlier state, and whether it was seen to lead there. */
export interface WayBack {
  steps: Step[];
  proof: Proof;
  hazards: string[];
}

/** A state on the way, and which migrations are gone or back once it is reached. */
export interface Waypoint {
  undoes: string[];
  restores: string[];
  state: State;
  /** Which object was which then; known only when its snapshot was taken in this very database. */
  identity: Identity | undefined;
}

export interface WayInput {
  present: State & Anchor;
  goal: State;
  /** Which object was which then; known only when the snapshot was taken in this very database. */
  goalIdentity: Identity | undefined;
  /** Migrations to undo, newest first. */
  undone: string[];
  /** Migrations to bring back, oldest first. */
  restored: string[];
  /** Whether rows wait to return even where the schema is that of the goal. */
  rowsWait?: boolean;
  /** The states between, the goal last; undefined where there are none, or one is not known. Read only where a plan is needed. */
  waypoints?: () => Promise<Waypoint[] | undefined>;
  /** Their rollbacks, in the same order, when every one has one. */
  chain: { version: string; file: string; text: string; byHand: boolean }[] | undefined;
  timeouts: Timeouts;
  serverVersionNum: number;
  pgDump: PgDumpChoice;
}

/**
 * Finds the way on a shadow that holds the present, runs it there, and judges what it leads to. The migrations' own
 * rollbacks come first, for with them every row is known; where they do not lead to the goal, a plan does.
 */
export async function planWayTo(shadow: Shadow, input: WayInput): Promise<WayBack> {
  const links = await Promise.all(
    (input.chain ?? []).map(async ({ version, file, text, byHand }) => ({
      byHand,
      undoes: [version],
      restores: [],
      script: await rollbackScript(file, text),
      effects: noEffects,
    })),
  );
  // What can't run in a transaction is no way that a rollback takes.
  if (input.chain && links.length > 0 && links.every(({ script }) => script.execution.mode === 'transaction')) {
    const byHand = input.chain.filter((one) => one.byHand);
    const steps = links;
    const way = { ...(await prove(shadow, steps, input)), hazards: byHand.map(({ file }) => `Runs what was written by hand: ${file}`) };
    if (way.proof.proven || byHand.length > 0 || (shadow.commits && !shadow.reload)) return way;
    await shadow.reload?.(input.present);
  }
  const direct: Waypoint = { undoes: input.undone, restores: input.restored, state: input.goal, identity: input.goalIdentity };
  const waypoints = (shadow.commits && (await input.waypoints?.())) || [direct];
  const { steps, facts, identity, hazards } = await walk(shadow, waypoints.slice(0, -1), input);
  const last = waypoints.at(-1)!;
  const plan = await planTo(shadow, last, { facts, identity });
  const step = await plannedStep(plan, last);
  if (steps.length === 0 && step.script.statements.length === 0) {
    const proof = judge(shadow.name, input.goal, input.present);
    if (proof.proven) return { steps: input.rowsWait || input.undone.length + input.restored.length > 0 ? [step] : [], hazards: [], proof };
  }
  const { longer, ...way } = await prove(shadow, [step], input, plan);
  // Its parts led to the goal; only when the whole of it is run from the present is it proven.
  if (!longer || !shadow.reload) return { ...way, steps: [...steps, ...way.steps], hazards: [...hazards, ...hazardsOf(plan)] };
  await shadow.reload(input.present);
  return { ...(await prove(shadow, [...steps, await plannedStep(longer, last)], input)), hazards: [...hazards, ...hazardsOf(longer)] };
}

/** Goes from waypoint to waypoint on the shadow, so that each migration is undone or brought back in a step of its own. */
async function walk(
  shadow: Shadow,
  waypoints: Waypoint[],
  { present, timeouts }: WayInput,
): Promise<{ steps: Step[]; facts: Facts; identity: Identity; hazards: string[] }> {
  const reached = { steps: [] as Step[], facts: present.facts, identity: present.identity, hazards: [] as string[] };
  for (const waypoint of waypoints) {
    const before = await onShadow(shadow, readIdentity);
    const plan = await planTo(shadow, waypoint, reached);
    const step = await plannedStep(plan, waypoint);
    const effects = await onShadow(shadow, (client) => runRollback(client, step.script, timeouts));
    reached.steps.push({ ...step, effects });
    reached.hazards.push(...hazardsOf(plan));
    const after = await onShadow(shadow, async (client) => ({
      facts: await readFacts(client, factsOn(shadow, false)),
      identity: await readIdentity(client),
    }));
    reached.facts = after.facts;
    reached.identity = returnedAs(carryIdentity(reached.identity, before, after.identity), waypoint.identity);
  }
  return reached;
}

/** Without the numbers of then, nothing is taken for renamed. */
const planTo = (shadow: Shadow, { state, identity }: Waypoint, reached: { facts: Facts; identity: Identity }): Promise<TransitionPlan> =>
  onShadow(shadow, (client) =>
    planBack(client, shadow, state, { after: reached.facts, now: reached.identity, before: identity ?? { origin: '', things: {} } }, false),
  );

const plannedStep = async (plan: TransitionPlan, { undoes, restores }: Waypoint): Promise<Step> => ({
  undoes,
  restores,
  script: await rollbackScript('the rollback plan', planStatements(plan).length === 0 ? '' : planText(plan)),
  effects: noEffects,
});

const hazardsOf = (plan: TransitionPlan): string[] => [
  ...plan.renames.map(({ what }) => `Renames: ${what}.`),
  ...plan.statements
    .filter(({ rewrites }) => rewrites)
    .map(({ sql }) => `Rewrites a whole table and locks it meanwhile: ${firstLine(sql)}`),
];

type Proven = Omit<WayBack, 'hazards'> & Pick<Judged, 'longer'>;

/** Runs the steps on the shadow, learns what each does to rows, and compares the state reached with the goal. */
async function prove(shadow: Shadow, steps: Step[], input: WayInput, plan?: TransitionPlan): Promise<Proven> {
  if (!shadow.commits || (shadow.kind !== 'embedded' && (await touchesCluster(shadow, steps, input.timeouts))))
    return proveUncommitted(shadow, steps, input);
  const seen: Step[] = [];
  for (const step of steps) {
    const run = await onShadow(shadow, (client) => runRollback(client, step.script, input.timeouts)).then(
      (effects) => ({ effects }),
      (error: unknown) => ({ reason: asReason(error) }),
    );
    if ('reason' in run) return { steps, proof: unproven(shadow.name, run.reason) };
    seen.push({ ...step, effects: run.effects });
  }
  return { steps: seen, ...(await proveCommitted(shadow, input.goal, input, plan)) };
}

async function proveUncommitted(shadow: Shadow, steps: Step[], input: WayInput): Promise<Proven> {
  return onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(input.timeouts)}`);
    try {
      const seen: Step[] = [];
      const {
        rows: [ours],
      } = await client.query<{ kept: boolean }>("select to_regclass('supabase_migrations.supasnap_kept') is not null as kept");
      for (const step of steps) {
        const shapes = await probeEffects(client);
        await runScript(
          client,
          step.script,
          shadow.kind === 'target' && ours!.kept ? tableItems(await readKept(client, step.undoes, step.restores)) : [],
        );
        seen.push({ ...step, effects: await readEffects(client, shapes, step.script) });
      }
      const back = await readFacts(client, factsOn(shadow, true));
      return { steps: seen, proof: judge(shadow.name, { facts: input.goal.facts }, { facts: back }) };
    } catch (error) {
      return { steps, proof: unproven(shadow.name, asReason(error)) };
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });
}

const touchesCluster = (shadow: Shadow, steps: Step[], timeouts: Timeouts): Promise<boolean> =>
  onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(timeouts)}`);
    try {
      const before = await clusterCheck(client);
      for (const { script } of steps) await runScript(client, script);
      return (await clusterCheck(client)) !== before;
    } catch {
      return false;
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });

const firstLine = (sql: string) => sql.split('\n')[0]!.slice(0, 120);
