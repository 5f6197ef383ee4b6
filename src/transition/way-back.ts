import type { Shadow } from '../shadow/shadow.ts';
import { readFacts } from '../snapshot/facts.ts';
import type { Identity } from '../snapshot/identity.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { Anchor, State } from '../snapshot/state.ts';
import { timeoutStatements, type Timeouts } from './execute.ts';
import { planSettings, planStatements, type Destroyed } from './plan.ts';
import { judge, unproven, type Proof } from './proof.ts';
import { asReason, clusterCheck, onShadow, planBack, proveCommitted, runRollback, runScript } from './rehearse.ts';
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
  const way = input.byHand ? await wayByHand(input.byHand) : await plannedWay(shadow, input);
  if (way.script.statements.length === 0) return { ...way, proof: judge(shadow.name, { facts: input.goal.facts }, { facts: input.present.facts }) };
  if (!shadow.commits || (shadow.kind !== 'embedded' && (await touchesCluster(shadow, way.script, input.timeouts)))) {
    return { ...way, proof: await proveUncommitted(shadow, way.script, input) };
  }
  const failure = await onShadow(shadow, (client) => runRollback(client, way.script, input.timeouts)).catch(asReason);
  return { ...way, proof: failure ? unproven(shadow.name, failure) : await proveCommitted(shadow, input.goal, input) };
}

async function wayByHand({ file, text }: { file: string; text: string }): Promise<Omit<WayBack, 'proof'>> {
  return { script: await rollbackScript(file, text), source: text, destroys: [], returns: [], hazards: [`Runs what was written by hand: ${file}`] };
}

async function plannedWay(shadow: Shadow, { present, goal, goalIdentity }: WayInput): Promise<Omit<WayBack, 'proof'>> {
  const before = goalIdentity ?? { origin: '', things: {} };
  const plan = await onShadow(shadow, (client) => planBack(client, shadow, goal, { after: present.facts, now: present.identity, before }, false));
  const now = nameBeforeRenames(present.identity, before);
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
