import type pg from 'pg';
import { tableName, after, before, copyColumns, copyNames, keyName, place, sameValue, type KeptColumn, type KeptItem } from './item.ts';

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
 * in the order of their keys. `newKeys`: the run changed keys alone, so a key with other values than before is another row's.
 * Says whether there were any.
 */
export async function followKeys(client: pg.Client, item: KeptItem, newKeys: boolean): Promise<boolean> {
  const keyNames = new Set(item.rowKey.map(({ name }) => name));
  const compared = item.columns.filter((column) => column.compared);
  const others = compared.filter(({ name }) => !keyNames.has(name));
  if (!keysMayChange(item)) return false;
  if (newKeys && (await followTakenKeys(client, item, compared, others))) return true;
  return (await pairKeys(client, item, compared, others)) > 0;
}

async function pairKeys(client: pg.Client, item: KeptItem, compared: KeptColumn[], others: KeptColumn[]): Promise<number> {
  const side = (mark: string, of: typeof before) => {
    const values = `array[${others.map((column) => `${of(column)}::text`).join(', ')}]`;
    return `select ctid as spot, ${values} as row, row_number() over (partition by ${values} order by ${item.rowKey.map(keyName).join(', ')}) as turn, count(*) over (partition by ${values}) as many
      from ${place(item.relation)} where mark = '${mark}'`;
  };
  const taken = [...item.rowKey.map(keyName), ...copyNames('n', compared)].map((column) => `${column} = come.${column}`);
  const { rowCount } = await client.query(`
    with gone as (${side('d', before)}), came as (${side('i', after)}), pairs as (
      select gone.spot as old, came.spot as new from gone join came using (row, turn, many)
    ), moved as (
      update ${place(item.relation)} k set mark = 'c', ${taken.join(', ')} from pairs join ${place(item.relation)} come on come.ctid = pairs.new where k.ctid = pairs.old returning pairs.new
    )
    delete from ${place(item.relation)} where ctid in (select new from moved)`);
  return rowCount ?? 0;
}

/**
 * Keys that went to rows under whose key another row was before. A changed row is taken for one deleted and one inserted, pairs are
 * found, and what found none is one row again. Where one key would then stand for two rows, nothing of it is done.
 */
async function followTakenKeys(client: pg.Client, item: KeptItem, compared: KeptColumn[], others: KeptColumn[]): Promise<boolean> {
  const copied = place(item.relation);
  const keys = item.rowKey.map(keyName);
  const sameKey = (other: string) => keys.map((key) => `k.${key} = ${other}.${key}`).join(' and ');
  await client.query('savepoint supasnap_keys');
  await client.query(`with parted as (
      update ${copied} set mark = 'd' where mark = 'c' and (${others.map((column) => `not (${sameValue(before(column), after(column))})`).join(' or ')}) returning ${[...keys, ...copyColumns('n', compared, after)].join(', ')}
    ) insert into ${copied} (${['mark', ...keys, ...copyNames('n', compared)].join(', ')}) select 'i', parted.* from parted;
    update ${copied} set ${copyNames('n', compared)
      .map((name) => `${name} = null`)
      .join(', ')} where mark = 'd'`);
  const paired = await pairKeys(client, item, compared, others);
  await client.query(`update ${copied} k set mark = 'c', ${copyNames('n', compared)
    .map((name) => `${name} = i.${name}`)
    .join(', ')} from ${copied} i where k.mark = 'd' and i.mark = 'i' and ${sameKey('i')};
    delete from ${copied} k using ${copied} c where k.mark = 'i' and c.mark = 'c' and ${sameKey('c')}`);
  const { rowCount: twice } = await client.query(`select from ${copied} group by ${keys.join(', ')} having count(*) > 1 limit 1`);
  if (twice) await client.query('rollback to savepoint supasnap_keys');
  await client.query('release savepoint supasnap_keys');
  return !twice && paired > 0;
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
