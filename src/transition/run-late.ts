import type pg from 'pg';
import { noEffects } from '../kept/effects.ts';
import { lockStatement } from '../kept/locks.ts';
import { failed, Problem } from '../errors.ts';
import { differencesBesideGuards, readGuards } from '../snapshot/guards.ts';
import { runBatches, settle, type Consequence, type Timeouts } from './execute.ts';
import type { Late } from './late.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { factDifferences, readFacts, type Facts } from '../snapshot/facts.ts';
import type { Script } from './script.ts';

/** The state that a change led to. Without `check`, facts were not read once more after its late end: policies and triggers were compared alone. */
export interface Reached {
  facts: Facts;
  check: string | undefined;
}

/** What captureState may take over. */
export const knownOf = ({ facts, check }: Reached): { known?: { facts: Facts; catalogCheck: string } } => (check === undefined ? {} : { known: { facts, catalogCheck: check } });

/** While locks of a late end keep others waiting, no statement of a test may take longer than lock_timeout. */
export const testTime = (settings: { testTimeoutMs: number; lockTimeoutMs: number }, { late }: Pick<Late, 'late'>): number =>
  late.length > 0 && settings.lockTimeoutMs > 0 ? Math.min(settings.testTimeoutMs, settings.lockTimeoutMs) : settings.testTimeoutMs;

/**
 * Judges by facts, before COMMIT, whether the change led to the goal; `otherwise` is told the differences, and throws where they count. Reading all facts
 * takes long, so it is done before a late end takes its locks, and after it only what that end can change is compared.
 */
export async function judgeBeforeCommit(client: pg.Client, how: { goal: Facts; late: boolean; runLate: () => Promise<boolean>; otherwise: (differences: string[]) => Promise<void> }): Promise<Reached> {
  if (how.late) {
    const differences = differencesBesideGuards(how.goal, await readFacts(client, { insideTransaction: true }));
    if (differences.length > 0) await how.otherwise(differences);
    if ((await how.runLate()) && differences.length === 0) return { facts: how.goal, check: undefined };
  }
  const facts = await readFacts(client, { insideTransaction: true });
  const differences = factDifferences(how.goal, facts);
  if (differences.length > 0) await how.otherwise(differences);
  return { facts, check: await catalogCheck(client) };
}

/**
 * Runs the late end of a script in the open transaction, and tells whether policies and triggers are then as in the rehearsal. All of its locks together
 * are waited for no longer than lock_timeout: one statement may lock many tables, so the time of each is limited too.
 */
export async function runLate(client: pg.Client, script: Script, { late, settings, tables }: Late, timeouts: Timeouts, expected: string, label: string, consequence: Consequence): Promise<boolean> {
  const began = performance.now();
  if (settings) await client.query(settings);
  if (tables.length > 0) await client.query(lockStatement({ ...noEffects, exclusive: tables }, { tables: [], rekeyed: [] }));
  for (const batch of late) {
    if (timeouts.lockTimeoutMs > 0) await client.query(`set local statement_timeout = ${Math.max(1, Math.round(timeouts.lockTimeoutMs - (performance.now() - began)))}`);
    await runBatches(client, script, [batch], consequence).catch((error: unknown) => {
      throw timeouts.lockTimeoutMs > 0 && performance.now() - began >= timeouts.lockTimeoutMs - 5 ? waitedTooLong(error) : error;
    });
  }
  await settle(client, timeouts, label, consequence);
  return (await readGuards(client)) === expected;
}

/** A statement that was cut off while it waited is, for who tries again, as any lock that was not given. */
const waitedTooLong = (error: unknown): unknown => {
  if (!(error instanceof Problem) || (error.cause as { code?: string } | undefined)?.code !== '57014') return error;
  return failed('Locks were not given in time.', { place: error.place, state: error.state, next: error.next, cause: { code: '55P03' } });
};
