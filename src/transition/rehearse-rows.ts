import type pg from 'pg';
import { historySchema } from '../history/schema.ts';
import type { Effects } from '../kept/effects.ts';
import { reach, tableName } from '../kept/item.ts';
import { runKeeping, unsafeNewLabel, withForesight, type Kept, type KeepingRun } from '../kept/run.ts';
import { readShapes } from '../kept/shape.ts';
import { seedShadow } from '../shadow/seed.ts';
import { onShadow, type Shadow } from '../shadow/shadow.ts';
import { quoteName } from '../sql-names.ts';
import { headerStatements, runBatches, timeoutStatements, type Timeouts } from './execute.ts';
import { splitAtReturn, type Script } from './script.ts';

/**
 * What became of made-up rows that went forward and back: of how many tables that it touches, which of all were not as before, and those of the change
 * that could not be filled. Or why it could not be tried, or what was in the way as the rollback was to bring them back.
 */
export type RowsRehearsed =
  | { tables: number; changed: string[]; unfilled: { table: string; reason: string }[] }
  | { untried: string }
  | { refused: Error & { next?: string } };

/** A change, and what it does to rows. */
export interface Known {
  script: Script;
  effects: Effects;
}

const touched = ({ dropped, doomed, written }: Effects) => new Set([...dropped, ...Object.keys(doomed), ...written]);

/** There is no COMMIT between the change and its rollback here, and a label that either brings is of use only after one. */
const usesNewLabel = 'rows use a new label, which is of use only after COMMIT';

const nothing = { state: 'The target was not touched.', next: '' };

/** Fills the shadow with made-up rows, runs the change and its rollback as they will run on the target, and compares; in a transaction that is rolled back. */
export const rehearseRows = (shadow: Shadow, forward: Known, back: Known, timeouts: Timeouts): Promise<RowsRehearsed> =>
  onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(timeouts)}`);
    try {
      await client.query(historySchema);
      const { rows, unseeded } = await asOwner(client, shadow, () => seedShadow(client));
      const before = await asOwner(client, shadow, () => digests(client));
      const { execution } = forward.script;
      if (execution.mode === 'outside') return { untried: 'it runs outside a transaction' };
      const { kept } = await keeping(client, forward.effects, {
        undoing: [],
        early: async () => {
          await client.query(headerStatements(forward.script));
          await runBatches(client, forward.script, execution.batches, nothing);
          await client.query('set constraints all immediate; reset all');
        },
      });
      const { early, late } = splitAtReturn(back.script);
      const returning = await keeping(client, back.effects, {
        undoing: [kept],
        carry: true,
        early: () => runBatches(client, back.script, early, nothing),
        late: () => runBatches(client, back.script, late, nothing),
      }).catch((error: Error & { code?: string; next?: string }) =>
        error.code === unsafeNewLabel ? { untried: usesNewLabel } : { refused: error },
      );
      if ('refused' in returning || 'untried' in returning) return returning;
      if (returning.later) return { untried: usesNewLabel };
      const after = await asOwner(client, shadow, () => digests(client));
      const own = touched(forward.effects);
      return {
        tables: Object.keys(rows).filter((table) => own.has(table)).length,
        changed: [...before].flatMap(([table, digest]) => (after.get(table) === digest ? [] : [table])),
        unfilled: unseeded.filter(({ table }) => own.has(table)),
      };
    } catch (error) {
      return { untried: (error as Error).message };
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });

/** Each try begins anew where the one before was rolled back to. */
async function keeping(client: pg.Client, effects: Effects, run: Pick<KeepingRun, 'undoing' | 'early' | 'late' | 'carry'>): Promise<Kept> {
  await client.query('savepoint supasnap_rows');
  return withForesight(effects, async (known) => {
    await client.query('rollback to savepoint supasnap_rows');
    return runKeeping(client, { ...run, effects: known, keepData: 'always', limitBytes: 0, state: nothing.state });
  });
}

/** Who may fill every table: the role of the connection itself. */
async function asOwner<T>(client: pg.Client, { actAs }: Shadow, use: () => Promise<T>): Promise<T> {
  if (!actAs) return use();
  await client.query('set session authorization default');
  const result = await use();
  await client.query(`set session authorization ${quoteName(actAs.user)}`);
  return result;
}

/** The rows of every table, whatever the order of rows and columns. */
async function digests(client: pg.Client): Promise<Map<string, string>> {
  const tables = [...(await readShapes(client)).values()].filter(({ root }) => !root);
  const found = new Map<string, string>();
  // The server takes a union of so many, not of thousands.
  for (let first = 0; first < tables.length; first += 200) {
    const some = tables.slice(first, first + 200);
    const parts = some.map(
      (table, at) =>
        `select ${at} as at, md5(coalesce(string_agg(to_jsonb(t)::text, '|' order by to_jsonb(t)::text), '')) as digest from ${reach(table)} t`,
    );
    const { rows } = await client.query<{ at: number; digest: string }>(parts.join(' union all '));
    for (const { at, digest } of rows) found.set(tableName(some[at]!), digest);
  }
  return found;
}
