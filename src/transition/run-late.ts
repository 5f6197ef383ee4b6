import type pg from 'pg';
import { noEffects } from '../kept/effects.ts';
import { lockStatement } from '../kept/locks.ts';
import { failed, Problem } from '../errors.ts';
import { differencesBesideGuards, readGuards } from '../snapshot/guards.ts';
import { runBatches, settle, type Consequence, type Timeouts } from './execute.ts';
import { locksFar } from '../migration/far-locks.ts';
import type { Late } from './late.ts';
import { readPowers } from './missing-rights.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { factDifferences, readFacts, type Facts } from '../snapshot/facts.ts';
import type { Script } from './script.ts';

/** The state that a change led to. Without `check`, facts were not read once more after its late end: policies and triggers were compared alone. */
export interface Reached {
  facts: Facts;
  check: string | undefined;
}

/** What captureState may take over. */
export const knownOf = ({ facts, check }: Reached): { known?: { facts: Facts; catalogCheck: string } } =>
  check === undefined ? {} : { known: { facts, catalogCheck: check } };

/** While locks of a late end keep others waiting, no statement of a test may take longer than lock_timeout. */
export const testTime = (settings: { testTimeoutMs: number; lockTimeoutMs: number }, { late }: Pick<Late, 'late'>): number =>
  late.length > 0 && settings.lockTimeoutMs > 0 ? Math.min(settings.testTimeoutMs, settings.lockTimeoutMs) : settings.testTimeoutMs;

/**
 * Judges by facts, before COMMIT, whether the change led to the goal; `otherwise` is told the differences, and throws where they count. Reading all facts
 * takes long, so it is done before a late end takes its locks, and after it only what that end can change is compared.
 */
export async function judgeBeforeCommit(
  client: pg.Client,
  how: { goal: Facts; late: boolean; runLate: () => Promise<boolean>; otherwise: (differences: string[]) => Promise<void> },
): Promise<Reached> {
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
 * Waits, while nothing is held that others need, until the tables of a late end can be locked, and lets go of them again. Who blocked them is then
 * gone, so that end has nothing to wait for, as a rule.
 */
export async function waitForLate(client: pg.Client, { late, tables }: Late): Promise<void> {
  if (late.length === 0) return;
  const far = late.some(({ statements }) => statements.some(({ node }) => !('CreateTrigStmt' in node) && locksFar({ node })))
    ? await lockedBySupautils(client)
    : [];
  if (tables.length + far.length === 0) return;
  await client.query('savepoint supasnap_locks');
  await client.query(lockTables([...new Set([...tables, ...far])]));
  await client.query('rollback to savepoint supasnap_locks; release savepoint supasnap_locks');
}

/** What supautils locks for our role, whichever table a statement on a policy or trigger names. */
async function lockedBySupautils(client: pg.Client): Promise<string[]> {
  const { policies, triggers } = await readPowers(client);
  const { rows } = await client.query<{ name: string }>(
    `select distinct format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) as name
     from unnest($1::text[]) as t (name) join pg_class c on c.oid = to_regclass(t.name) join pg_namespace n on n.oid = c.relnamespace`,
    [[...policies, ...triggers]],
  );
  return rows.map(({ name }) => name);
}

const lockTables = (tables: string[]) => lockStatement({ ...noEffects, exclusive: tables }, { tables: [], rekeyed: [] });

export interface LateRun {
  script: Script;
  end: Late;
  timeouts: Timeouts;
  /** Since when tables are locked against readers; undefined where none is. Milliseconds of performance.now(). */
  held: number | undefined;
  /** Policies and triggers in the rehearsal. */
  expected: string;
  label: string;
  consequence: Consequence;
}

/**
 * Runs the late end of a script in the open transaction, and tells whether policies and triggers are then as in the rehearsal. All of its locks together
 * are waited for no longer than lock_timeout, counted from when readers of any table began to wait; one statement may lock many tables, so the time of
 * each is limited.
 */
export async function runLate(
  client: pg.Client,
  { script, end: { late, settings, tables }, timeouts, held, expected, label, consequence }: LateRun,
): Promise<boolean> {
  const { lockTimeoutMs } = timeouts;
  // Never without a chance, however long the change itself took.
  const until = Math.max((held ?? performance.now()) + lockTimeoutMs, performance.now() + lockTimeoutMs / 10);
  const limit = async (setting: string) => {
    if (lockTimeoutMs > 0) await client.query(`set local ${setting} = ${Math.max(1, Math.round(until - performance.now()))}`);
  };
  await limit('lock_timeout');
  if (tables.length > 0) await client.query(lockTables(tables));
  if (settings) await client.query(settings);
  for (const batch of late) {
    await limit('statement_timeout');
    await runBatches(client, script, [batch], consequence).catch((error: unknown) => {
      throw lockTimeoutMs > 0 && performance.now() >= until - 5 ? waitedTooLong(error) : error;
    });
  }
  await settle(client, timeouts, label, consequence);
  return (await readGuards(client)) === expected;
}

/** A statement that was cut off while it waited is, for who tries again, as any lock that was not given. */
const waitedTooLong = (error: unknown): unknown => {
  if (!(error instanceof Problem) || (error.cause as { code?: string } | undefined)?.code !== '57014') return error;
  return failed('lock_timeout', 'Locks were not given in time.', {
    place: error.place,
    state: error.state,
    next: error.next,
    cause: { code: '55P03' },
  });
};
