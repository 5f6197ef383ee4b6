import type pg from 'pg';
import { quoteText } from '../sql-names.ts';
import { tableName, type KeptItem } from './item.ts';

type Number = KeptItem['sequences'][number];

/**
 * Runs a migration once more with its sequences as they were when it ran first: rows that it inserts get the keys of then, and so are known
 * as the kept ones. Afterwards each goes on from the higher number. All of it goes with the transaction, as setval alone would not.
 */
export async function withNumbersOfThen(client: pg.Client, numbers: Number[], use: () => Promise<void>): Promise<void> {
  const set: { reach: string; reached: string; called: boolean }[] = [];
  for (const number of numbers) {
    const { rows } = await client.query<{ reach: string; reached: string; called: boolean; start: string }>(
      `select format('%I.%I', schemaname, sequencename) as reach, coalesce(last_value, start_value)::text as reached, last_value is not null as called, start_value::text as start
       from pg_sequences where schemaname = $1 and sequencename = $2 and last_value is not null and case when increment_by > 0 then last_value > $3::bigint else last_value < $3::bigint end
         and pg_has_role(sequenceowner, 'usage')`,
      [number.schema, number.name, number.last],
    );
    const [now] = rows;
    if (!now) continue;
    await client.query(`alter sequence ${now.reach} restart; select setval(${quoteText(now.reach)}, ${number.last}, ${number.called})`);
    set.push(now);
  }
  await use();
  for (const { reach, reached } of set) {
    await client.query(
      `select setval(to_regclass(${quoteText(reach)}), ${reached}) from pg_sequences
       where to_regclass(format('%I.%I', schemaname, sequencename)) = to_regclass(${quoteText(reach)}) and (last_value is null or case when increment_by > 0 then last_value < ${reached} else last_value > ${reached} end)`,
    );
  }
}

/** The sequences of the tables that the first run of a migration wrote, as it found them. */
export async function readNumbersOfThen(client: pg.Client, version: string): Promise<Number[]> {
  const { rows } = await client.query<{ item: KeptItem }>(
    `select item from supabase_migrations.supasnap_kept where item->>'fate' = 'stays'
       and run_id = (select min(id) from supabase_migrations.supasnap_runs where kind = 'migrate' and version = $1 and status in ('applied', 'done'))`,
    [version],
  );
  const numbers = rows.flatMap(({ item }) => item.sequences);
  return [...new Map(numbers.map((number) => [tableName(number), number])).values()];
}
