import type pg from 'pg';
import { factsOn, type Shadow } from '../shadow/shadow.ts';
import { readFacts, type Facts } from '../snapshot/facts.ts';
import type { Identity } from '../snapshot/identity.ts';
import type { State } from '../snapshot/state.ts';
import { runBatches, untouched } from './execute.ts';
import { planTransition, type TransitionPlan } from '../planner/plan.ts';
import { planRenames, type Rename } from '../planner/renames.ts';
import { rollbackScript } from './script.ts';

/** Renames come first and are run to see what they leave: then only real differences are planned. */
export async function planBack(
  client: pg.Client,
  shadow: Pick<Shadow, 'ownRoles' | 'standsFor' | 'lent'>,
  goal: Pick<State, 'facts' | 'sql'>,
  reached: { after: Facts; now: Identity; before: Identity },
  insideTransaction: boolean,
): Promise<TransitionPlan> {
  const renames = planRenames(reached.now, reached.before);
  const plan = (steps: Rename[]) => planRenamed(client, shadow, goal, reached.after, steps, insideTransaction);
  // A partition that no longer fits its table is made anew, and its rows are carried over.
  return plan(renames).catch((error: unknown) => {
    const without = planRenames(reached.now, reached.before, { partitions: false });
    if (without.length === renames.length) throw error;
    return plan(without);
  });
}

async function planRenamed(
  client: pg.Client,
  shadow: Pick<Shadow, 'ownRoles' | 'standsFor' | 'lent'>,
  goal: Pick<State, 'facts' | 'sql'>,
  reached: Facts,
  renames: Rename[],
  insideTransaction: boolean,
): Promise<TransitionPlan> {
  if (renames.length === 0) return planTransition(reached, goal.facts, [], goal.sql);
  await client.query(insideTransaction ? 'savepoint supasnap_renames' : 'begin');
  try {
    const script = await rollbackScript('renames', renames.map(({ sql }) => `${sql};`).join('\n'));
    if (script.execution.mode === 'transaction') await runBatches(client, script, script.execution.batches, untouched);
    const renamed = await readFacts(client, factsOn(shadow, true));
    const cluster = renamed.cluster && { ...renamed.cluster, extensions: reached.cluster?.extensions ?? renamed.cluster.extensions };
    return planTransition({ ...renamed, ...(cluster ? { cluster } : {}) }, goal.facts, renames, goal.sql);
  } finally {
    await client.query(insideTransaction ? 'rollback to savepoint supasnap_renames' : 'rollback');
  }
}
