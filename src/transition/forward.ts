import type pg from 'pg';
import { Problem, refused } from '../errors.ts';
import { noEffects, probeEffects, readEffects, type Effects, type EffectsProbe } from '../kept/effects.ts';
import { onShadow, type Shadow } from '../shadow/shadow.ts';
import { quoteName } from '../sql-names.ts';
import { headerStatements, inTransaction, runBatches, runSteps, untouched, type Timeouts } from './execute.ts';
import type { Script } from './script.ts';

export interface ForwardInput {
  script: Script;
  timeouts: Timeouts;
}

/** What a change did to rows, and the tables before and after it. */
export interface Change {
  effects: Effects;
  stepEffects: Effects[];
  before: EffectsProbe['tables'];
  after: EffectsProbe['tables'];
  withoutParents?: true;
}

/** Runs the change as it will run on the target, and tells what it does to rows. Where those refer to rows that only the target has, foreign keys are not asked. */
export async function forward(shadow: Shadow, input: ForwardInput): Promise<Change> {
  try {
    return await carryOut(shadow, input, false);
  } catch (error) {
    if (
      !(error instanceof Problem) ||
      (error.cause as { code?: string } | undefined)?.code !== noParent ||
      input.script.execution.mode === 'outside'
    )
      throw error;
    return {
      ...(await carryOut(shadow, input, true).catch(() => {
        throw error;
      })),
      withoutParents: true,
    };
  }
}

/** A row that a foreign key refers to is not there. */
const noParent = '23503';

async function carryOut(shadow: Shadow, input: ForwardInput, quiet: boolean): Promise<Change> {
  const { script, timeouts } = input;
  const { execution } = script;
  return onShadow(shadow, async (client) => {
    if (quiet) await quietForeignKeys(client, shadow);
    if (execution.mode === 'outside') {
      const stepEffects: Effects[] = execution.steps.map(() => noEffects);
      await runSteps(client, script, execution.steps, timeouts, {
        consequence: () => untouched,
        transact: (step, run) =>
          inTransaction(client, timeouts, async () => {
            const before = await probeEffects(client);
            await run();
            stepEffects[step] = await readEffects(client, before, script);
          }),
      });
      return { effects: noEffects, stepEffects, before: new Map(), after: new Map() };
    }
    return inTransaction(client, timeouts, async () => {
      const before = await probeEffects(client);
      await client.query(headerStatements(script));
      await runBatches(client, script, execution.batches, untouched);
      const after = await probeEffects(client);
      return { effects: await readEffects(client, before, script, after), stepEffects: [], before: before.tables, after: after.tables };
    });
  }).catch((error: unknown) => {
    throw error instanceof Problem ? error : asProblem(error);
  });
}

/** For the rest of the connection; triggers of users are quiet with them, and what those write on the target is found there. */
async function quietForeignKeys(client: pg.Client, { actAs }: Shadow): Promise<void> {
  await client.query(
    `set session authorization default; set session_replication_role = replica${actAs ? `; set session authorization ${quoteName(actAs.user)}` : ''}`,
  );
}

const asProblem = (error: unknown) =>
  refused('shadow_failed', `The rehearsal failed: ${(error as Error).message}`, {
    state: 'The target was not touched.',
    next: untouched.next,
    cause: error,
  });
