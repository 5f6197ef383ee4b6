import type pg from 'pg';
import { quoteText } from '../sql-names.ts';
import { noEffects, type Effects } from './effects.ts';
import { findTable, tableName, type KeptItem } from './item.ts';
import { readShapes, type TableShape } from './shape.ts';

/** What a run writes beyond its own effects, as rows return: tables by "schema"."name". */
export interface Returned {
  tables: string[];
  /** Those of them whose rows get other keys: rows that refer to those follow. */
  rekeyed: string[];
}

/** Where those copies return to, as the tables are now. */
export function returnedTo(shapes: Map<string, TableShape>, items: KeptItem[]): Returned {
  const found = items.flatMap((item) => {
    const table = item.fate === 'stays' || item.fate === 'dropped' ? findTable(shapes, item) : undefined;
    return table ? [{ name: tableName(table), rekeyed: item.rekeyed }] : [];
  });
  return { tables: found.map(({ name }) => name), rekeyed: found.flatMap(({ name, rekeyed }) => (rekeyed ? [name] : [])) };
}

/** Locks what a run will write, where the copies `undoing` return meanwhile. */
export async function lockForKeeping(client: pg.Client, effects: Effects, undoing: KeptItem[]): Promise<void> {
  await client.query(
    lockStatement(effects, undoing.length > 0 ? returnedTo(await readShapes(client), undoing) : { tables: [], rekeyed: [] }),
  );
}

/** The same where only copies return. */
export const lockForReturning = (client: pg.Client, undoing: KeptItem[]): Promise<void> => lockForKeeping(client, noEffects, undoing);

/**
 * Locks what a run will copy and write, in one order for all, so that nothing changes between the copy and the run. It waits no longer than four
 * fifths of lock_timeout for all of them together: who waits behind those that we hold already, waits no longer than lock_timeout. A table that this role
 * may not lock by itself is locked by the statement that changes it.
 */
export function lockStatement(effects: Effects, { tables, rekeyed }: Returned): string {
  const strongest = [...effects.dropped, ...Object.keys(effects.doomed), ...effects.exclusive];
  const names = (list: string[]) => `array[${[...new Set(list)].map(quoteText).join(', ')}]::text[]`;
  return `do $locks$
declare
  patience text := current_setting('lock_timeout');
  allowed numeric := extract(epoch from patience::interval) * 800;
  began timestamptz := clock_timestamp();
  one record;
begin
  for one in
    with wanted as (
      select to_regclass(name)::oid as number, true as alone from unnest(${names(strongest)}) as name
      union all select to_regclass(name)::oid, false from unnest(${names([...effects.written, ...tables])}) as name
      union all select conrelid, false from pg_catalog.pg_constraint where contype = 'f' and confrelid in (select to_regclass(name)::oid from unnest(${names(rekeyed)}) as name)
    )
    select format('%s%I.%I', case when c.relkind = 'p' then '' else 'only ' end, n.nspname, c.relname) as name, case when bool_or(w.alone) then 'access exclusive' else 'share row exclusive' end as mode
    from wanted w join pg_catalog.pg_class c on c.oid = w.number join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and (pg_has_role(c.relowner, 'usage') or has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')) group by c.relkind, n.nspname, c.relname order by n.nspname, c.relname
  loop
    if allowed > 0 then
      perform set_config('lock_timeout', greatest(1, round(allowed - extract(epoch from clock_timestamp() - began) * 1000))::text, true);
    end if;
    execute format('lock table %s in %s mode', one.name, one.mode);
  end loop;
  perform set_config('lock_timeout', patience, true);
end $locks$`;
}
