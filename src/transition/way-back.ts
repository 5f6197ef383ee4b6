import { onShadow, type Shadow } from '../shadow/shadow.ts';
import { readFacts } from '../snapshot/facts.ts';
import type { Identity } from '../snapshot/identity.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { Anchor, State } from '../snapshot/state.ts';
import { timeoutStatements, type Timeouts } from './execute.ts';
import { planSettings, planStatements, type Destroyed, type TransitionPlan } from './plan.ts';
import { judge, unproven, type Proof } from './proof.ts';
import { proveCommitted, type Judged } from './prove.ts';
import { asReason, clusterCheck, planBack, runRollback, runScript } from './rehearse.ts';
import { nameBeforeRenames } from './renames.ts';
import { rollbackScript, type Script } from './script.ts';

/** The way from the present to an earlier state, and whether it was seen to lead there. */
export interface WayBack {
  script: Script;
  /** The script's text. */
  source: string;
  proof: Proof;
  destroys: Destroyed[];
  /** Columns that return, standing last. */
  returns: string[];
  hazards: string[];
}

export interface WayInput {
  present: State & Anchor;
  goal: State;
  /** Which object was which then; known only when the snapshot was taken in this very database. */
  goalIdentity: Identity | undefined;
  /** Rollbacks written by hand, to be run instead of a plan. */
  byHand: { file: string; text: string } | undefined;
  timeouts: Timeouts;
  serverVersionNum: number;
  pgDump: PgDumpChoice;
}

/** Plans the way on a shadow that holds the present, runs it there, and judges what it leads to. */
export async function planWayTo(shadow: Shadow, input: WayInput): Promise<WayBack> {
  const plan = input.byHand ? undefined : await planOnShadow(shadow, input);
  const way = plan ? await plannedWay(plan, input) : await wayByHand(input.byHand!);
  if (way.script.statements.length === 0) {
    const proof = judge(shadow.name, input.goal, input.present);
    if (proof.proven) return { ...way, proof };
  }
  if (!shadow.commits || (shadow.kind !== 'embedded' && (await touchesCluster(shadow, way.script, input.timeouts)))) {
    return { ...way, proof: await proveUncommitted(shadow, way.script, input) };
  }
  const { proof, longer } = await tryWay(shadow, way.script, input, plan);
  if (!longer) return { ...way, proof };
  const whole = await plannedWay(longer, input);
  // Its parts led to the goal; where the present can be had again, the whole of it is run too.
  if (!shadow.reload) return { ...whole, proof: judge(shadow.name, input.goal, input.goal) };
  await shadow.reload(input.present);
  return { ...whole, proof: (await tryWay(shadow, whole.script, input, undefined)).proof };
}

async function tryWay(shadow: Shadow, script: Script, input: WayInput, plan: TransitionPlan | undefined): Promise<Judged> {
  const failure = await onShadow(shadow, (client) => runRollback(client, script, input.timeouts)).catch(asReason);
  return failure ? { proof: unproven(shadow.name, failure) } : proveCommitted(shadow, input.goal, input, plan);
}

async function wayByHand({ file, text }: { file: string; text: string }): Promise<Omit<WayBack, 'proof'>> {
  return { script: await rollbackScript(file, text), source: text, destroys: [], returns: [], hazards: [`Runs what was written by hand: ${file}`] };
}

/** Without the numbers of then, nothing is taken for renamed. */
const identityOf = ({ goalIdentity }: WayInput): Identity => goalIdentity ?? { origin: '', things: {} };

const planOnShadow = (shadow: Shadow, input: WayInput): Promise<TransitionPlan> =>
  onShadow(shadow, (client) => planBack(client, shadow, input.goal, { after: input.present.facts, now: input.present.identity, before: identityOf(input) }, false));

async function plannedWay(plan: TransitionPlan, input: WayInput): Promise<Omit<WayBack, 'proof'>> {
  const now = nameBeforeRenames(input.present.identity, identityOf(input));
  const statements = planStatements(plan);
  const source = statements.length === 0 ? '' : [...planSettings(plan), ...statements].map((sql) => `${sql};\n`).join('');
  return {
    script: await rollbackScript('the rollback plan', source),
    source,
    destroys: plan.statements.flatMap((statement) => statement.destroys).map((thing) => {
      const place = now(thing);
      return { ...thing, ...place, what: [place.column === undefined ? thing.what.split(' ')[0] : 'column', [place.schema, place.table, place.column].filter(Boolean).join('.')].join(' ') };
    }),
    returns: plan.statements.flatMap((statement) => statement.returns),
    hazards: [
      ...plan.renames.map(({ what }) => `Renames: ${what}.`),
      ...plan.statements.flatMap(({ rewrites, sql }) => [
        ...(rewrites ? [`Rewrites a whole table and locks it meanwhile: ${firstLine(sql)}`] : []),
      ]),
    ],
  };
}

async function proveUncommitted(shadow: Shadow, script: Script, input: WayInput): Promise<Proof> {
  return onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(input.timeouts)}`);
    try {
      await runScript(client, script);
      const back = await readFacts(client, { insideTransaction: true, ignoreRoles: shadow.ownRoles });
      return judge(shadow.name, { facts: input.goal.facts }, { facts: back });
    } catch (error) {
      return unproven(shadow.name, asReason(error));
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });
}

const touchesCluster = (shadow: Shadow, script: Script, timeouts: Timeouts): Promise<boolean> =>
  onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(timeouts)}`);
    try {
      const before = await clusterCheck(client);
      await runScript(client, script);
      return (await clusterCheck(client)) !== before;
    } catch {
      return false;
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });

const firstLine = (sql: string) => sql.split('\n')[0]!.slice(0, 120);
