import { factsOn, onShadow, type Shadow } from '../shadow/shadow.ts';
import { factDifferences, readFacts, type Facts } from '../snapshot/facts.ts';
import { dumpSchema, type PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { State } from '../snapshot/state.ts';
import { completeFromDumps } from '../planner/complete.ts';
import { planSettings, planTransition, type PlannedStatement, type TransitionPlan } from '../planner/plan.ts';
import { judge, type Proof } from './proof.ts';
import { rollbackScript } from './script.ts';
import { runBatches } from './execute.ts';

/** How a state was judged. `longer`: the plan that led there, with what was still missing; it was seen to lead to the goal in parts. */
export interface Judged {
  proof: Proof;
  longer?: TransitionPlan;
}

/** The committed state of a shadow. */
export interface Reached {
  facts: Facts;
  sql: string;
}

export interface ProveOptions {
  serverVersionNum: number;
  pgDump: PgDumpChoice;
}

/** The planner's blind spots are seen by planning again from what was reached; more rounds than this find nothing new. */
const mostRounds = 3;

/**
 * Judges the committed state of a shadow against a goal. Where the plan that led there fell short, the rest is found and run.
 * When only the dumps differ, another pg_dump or PostgreSQL's own rewording may be why: then the goal is built afresh beside
 * it and dumped the same way.
 */
export async function proveCommitted(shadow: Shadow, goal: State, options: ProveOptions, plan?: TransitionPlan): Promise<Judged> {
  const reached = await readReached(shadow, goal, options);
  const proof = judge(shadow.name, goal, reached);
  if (proof.proven) return { proof };
  const longer = plan && (await extendPlan(shadow, goal, options, plan, reached));
  if (longer) return { proof, longer };
  if (!shadow.reload || factDifferences(goal.facts, reached.facts).length > 0) return { proof };
  await shadow.reload(goal);
  const rebuilt = judge(shadow.name, await readReached(shadow, goal, options), reached);
  return { proof: rebuilt.proven ? rebuilt : proof };
}

/** Runs on the shadow what still leads from the state reached to the goal; undefined when the goal is not reached so. */
async function extendPlan(
  shadow: Shadow,
  goal: State,
  options: ProveOptions,
  plan: TransitionPlan,
  reached: Reached,
): Promise<TransitionPlan | undefined> {
  let longer = plan;
  let present = reached;
  try {
    for (let round = 0; round < mostRounds; round++) {
      const rest = restOf(goal, present);
      if (rest.length === 0) return undefined;
      await runRest(shadow, longer, rest);
      longer = { ...longer, statements: [...longer.statements, ...rest] };
      present = await readReached(shadow, goal, options);
      if (judge(shadow.name, goal, present).proven) return longer;
    }
  } catch {
    // What fails here leaves the first verdict as it was, with its differences to show.
  }
  return undefined;
}

/** What still leads from the state reached to the goal: as planned from facts, and where those are equal, from the dumps. */
export function restOf(goal: State, present: Reached): PlannedStatement[] {
  const byFacts = planTransition(present.facts, goal.facts, [], goal.sql).statements;
  if (byFacts.length > 0) return byFacts;
  return completeFromDumps(goal.sql, present.sql).map((sql) => ({ sql, lock: 'accessExclusive', rewrites: false, returns: [] }));
}

async function runRest(shadow: Shadow, plan: TransitionPlan, rest: PlannedStatement[]): Promise<void> {
  const script = await rollbackScript(
    'the rest of the rollback',
    [...planSettings(plan), ...rest.map(({ sql }) => sql)].map((sql) => `${sql};\n`).join(''),
  );
  const { execution } = script;
  if (execution.mode === 'outside') throw new Error("it holds statements that can't run in a transaction");
  await onShadow(shadow, async (client) => {
    await client.query('begin');
    await runBatches(client, script, execution.batches, { state: '', next: '' });
    await client.query('commit');
  });
}

export async function readReached(shadow: Shadow, goal: State, options: ProveOptions): Promise<Reached> {
  const dumping = dumpSchema(shadow.settings, {
    choice: options.pgDump,
    serverVersion: options.serverVersionNum,
    excludeSchemas: ['supabase_migrations'],
    lockWaitMs: 30_000,
    ...(shadow.actAs ? { role: goal.session.user } : {}),
  });
  dumping.catch(() => {});
  const facts = await onShadow(shadow, (client) => readFacts(client, factsOn(shadow, false)));
  return { facts, sql: (await dumping).sql };
}
