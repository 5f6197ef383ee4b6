import type pg from 'pg';
import { refused } from '../errors.ts';
import type { Effects } from './effects.ts';

/** What keeping a table's rows may cost at most: the copy of some columns alone is smaller. */
export interface KeepCost {
  /** As in Effects: "schema"."name". */
  table: string;
  rows: number;
  /** True where the rows were not counted, and the number is the planner's. */
  estimated: boolean;
  bytes: number;
}

/** Tables up to this size are counted; of others the planner's number is good enough. */
const countedBytes = 10_000_000;

/** What would be copied for these effects, the largest first. Tables that are not there are left out. */
export async function keepCost(client: pg.Client, steps: Effects[]): Promise<KeepCost[]> {
  const names = [...new Set(steps.flatMap(({ dropped, doomed, written }) => [...dropped, ...Object.keys(doomed), ...written]))];
  const { rows } = await client.query<{ table: string; bytes: string; rows: string }>(
    `select name as table, sum(pg_table_size(part)) as bytes, sum(greatest(c.reltuples, 0))::bigint as rows
     from unnest($1::text[]) as name cross join lateral (
       select relid as part from pg_partition_tree(to_regclass(name)) where isleaf
       union select to_regclass(name) where to_regclass(name) is not null) parts join pg_class c on c.oid = part
     group by name order by 2 desc, 1`,
    [names],
  );
  const costs: KeepCost[] = [];
  for (const row of rows) {
    const bytes = Number(row.bytes);
    const exact = bytes <= countedBytes ? await client.query<{ count: string }>(`select count(*) from ${row.table}`) : undefined;
    costs.push({ table: row.table, bytes, rows: Number(exact?.rows[0]?.count ?? row.rows), estimated: !exact });
  }
  return costs;
}

export const totalBytes = (costs: KeepCost[]) => costs.reduce((sum, { bytes }) => sum + bytes, 0);

/** Throws a Problem when the tables to be copied hold more than the limit. */
export function refuseTooMuch(costs: KeepCost[], limitBytes: number, state: string): void {
  const bytes = totalBytes(costs);
  if (bytes <= limitBytes) return;
  const megabytes = (count: number) => `${(count / 1e6).toFixed(0)} MB`;
  throw refused(
    'cannot_keep',
    `Keeping what this would destroy or change means copying up to ${megabytes(bytes)}; the limit is ${megabytes(limitBytes)}.`,
    {
      detail: costs.slice(0, 5).map((cost) => `${cost.table}: ${megabytes(cost.bytes)}`),
      state,
      next: 'Copy it all the same with --keep-data always, or let those rows go for good with --keep-data never.',
    },
  );
}
