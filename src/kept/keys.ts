import type pg from 'pg';
import { tableName, after, before, keyName, place, type KeptItem } from './item.ts';

/** Whether a row that got another key could be known by its other values. */
export function keysMayChange({ rowKey, columns }: KeptItem): boolean {
  const keyNames = new Set(rowKey.map(({ name }) => name));
  const compared = columns.filter((column) => column.compared);
  const others = compared.filter(({ name }) => !keyNames.has(name));
  return others.length > 0 && compared.length - others.length === rowKey.length;
}

/**
 * Keys that the run itself changed read as rows deleted and rows inserted. Two such that agree in every other value are one
 * row: its mark becomes `c`, its key the new one, and the old one is among its values before. Where several agree, they pair
 * in the order of their keys. Says whether there were any.
 */
export async function followKeys(client: pg.Client, item: KeptItem): Promise<boolean> {
  const keyNames = new Set(item.rowKey.map(({ name }) => name));
  const compared = item.columns.filter((column) => column.compared);
  const others = compared.filter(({ name }) => !keyNames.has(name));
  if (!keysMayChange(item)) return false;
  const side = (mark: string, of: typeof before) => {
    const values = `jsonb_build_array(${others.map((column) => `${of(column)}::text`).join(', ')})`;
    return `select ctid as spot, ${values} as row, row_number() over (partition by ${values} order by ${item.rowKey.map(keyName).join(', ')}) as turn, count(*) over (partition by ${values}) as many
      from ${place(item.relation)} where mark = '${mark}'`;
  };
  const taken = [...item.rowKey.map(keyName), ...compared.map(after)].map((column) => `${column} = come.${column}`);
  const { rowCount } = await client.query(`
    with gone as (${side('d', before)}), came as (${side('i', after)}), pairs as (
      select gone.spot as old, came.spot as new from gone join came using (row, turn, many)
    ), moved as (
      update ${place(item.relation)} k set mark = 'c', ${taken.join(', ')} from pairs join ${place(item.relation)} come on come.ctid = pairs.new where k.ctid = pairs.old returning pairs.new
    )
    delete from ${place(item.relation)} where ctid in (select new from moved)`);
  return (rowCount ?? 0) > 0;
}

/** Tables whose rows point to rows of the named ones: their own rows have to follow a key that goes back. */
export async function referring(client: pg.Client, tables: string[]): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select distinct n.nspname as schema, c.relname as name from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.confrelid = any(select to_regclass(name)::oid from unnest($1::text[]) as name)`,
    [tables],
  );
  return rows.map(tableName);
}
