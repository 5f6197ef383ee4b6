import type pg from 'pg';
import { failed } from '../errors.ts';
import { quoteName } from '../sql-names.ts';
import { tableName } from './effects.ts';
import { before, keyName, present, returnedValue, storedValue, type KeptItem } from './item.ts';
import { exactText, ownText, type Keeping } from './keep.ts';
import { isMarked, same, still } from './put-back.ts';
import { readShapes, type ColumnShape, type TableShape } from './shape.ts';
import { withQuietTriggers } from './quiet.ts';

/**
 * A migration that is applied again has seen the rows that were there when it was rolled back: they are set aside while it
 * runs, so that it changes only what came since. `xid` is the transaction of the rollback.
 */
export interface Aside {
  /** Kept tables of this run whose old rows were taken out. */
  items: KeptItem[];
  /** Whether every row was old: then the migration has nothing new to work on. */
  allOld: boolean;
}

const place = (relation: string) => `supabase_migrations."${relation}"`;
const old = (xid: string) => `age(t.xmin) >= age('${(BigInt(xid) & 0xffffffffn).toString()}'::xid)`;

/** Marks the rows that the rollback left behind, and takes them out when `out` is true. */
export async function setAside(client: pg.Client, keeping: Keeping, xid: string, out: boolean): Promise<Aside> {
  const items = keeping.items.filter(({ rowKey, fate, whole }) => fate === 'stays' && rowKey.length > 0 && whole);
  let allOld = true;
  await withQuietTriggers(client, async () => {
    for (const item of items) {
      const reach = `${item.table.partitioned ? '' : 'only '}${tableName(item.table)}`;
      await client.query(`alter table ${place(item.relation)} add column aside boolean not null default false`);
      const marked = await client.query(`update ${place(item.relation)} k set aside = true from ${reach} t
        where ${item.rowKey.map((column) => `k.${keyName(column)} = ${storedValue(column, `t.${quoteName(column.name)}`)}`).join(' and ')} and ${old(xid)}`);
      if (out) await client.query(`delete from ${reach} t where ${old(xid)}`);
      const { rows } = await client.query<{ count: string }>(`select count(*) as count from ${place(item.relation)}`);
      if (Number(rows[0]!.count) !== (marked.rowCount ?? 0)) allOld = false;
    }
  });
  return { items, allOld };
}

/**
 * Brings the rows set aside back, as they were before the rollback where they are unchanged since (`undoing` holds that); where
 * the migration made the same key again, the row set aside wins.
 */
export async function bringBack(client: pg.Client, aside: Aside, undoing: KeptItem[]): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of aside.items) {
    const table = shapes.get(item.table.key);
    const keys = table && item.rowKey.map((kept) => present(table, item, kept));
    if (!table || !keys?.every((key) => key !== undefined)) throw noWayBack(item.table);
    await bringTableBack(client, item, table, keys as ColumnShape[], aside.allOld, await earlierImage(client, item, undoing));
    await client.query(`alter table ${place(item.relation)} drop column aside`);
  }
  await client.query(ownText);
}

const noWayBack = (table: { schema: string; name: string }) =>
  failed(`The rows of ${table.schema}.${table.name} from before the rollback do not fit what the migration makes of the table.`, {
    state: 'Nothing was changed: the transaction was rolled back.',
    next: 'Apply it to all rows as if for the first time, without returning what was kept: --keep-data never',
  });

/** The copy of the same table that the rollback took, where its rows can be matched. */
async function earlierImage(client: pg.Client, item: KeptItem, undoing: KeptItem[]): Promise<KeptItem | undefined> {
  const image = undoing.find(({ table, rowKey, fate }) => fate === 'stays' && table.key === item.table.key && rowKey.length === item.rowKey.length && rowKey.every(({ number }, at) => number === item.rowKey[at]!.number));
  return image && (await isMarked(client, image)) ? image : undefined;
}

async function bringTableBack(client: pg.Client, item: KeptItem, table: TableShape, keys: ColumnShape[], allOld: boolean, image: KeptItem | undefined): Promise<void> {
  const reach = `${table.partitioned ? '' : 'only '}${tableName(table)}`;
  const on = item.rowKey.map((kept, index) => `k.${keyName(kept)} = ${storedValue(kept, `t.${quoteName(keys[index]!.name)}`)}`).join(' and ');
  const values = table.columns.filter(({ generated }) => !generated).flatMap((column) => {
    const own = item.columns.find((kept) => present(table, item, kept) === column && kept.type === column.type);
    const earlier = image?.columns.find((kept) => present(table, image, kept) === column);
    const now = own && returnedValue(column, `k.${before(own)}`);
    if (!earlier) return now ? [{ column, value: now }] : [];
    const unchanged = earlier.compared ? `r.mark = 'c' and s.p and s.${same(earlier)}` : `r.mark = 'c' and s.p`;
    return [{ column, value: `case when ${unchanged} then ${returnedValue(column, `r.${before(earlier)}`)}${now ? ` else ${now}` : ''} end` }];
  });
  const match = (name: string) => item.rowKey.map((kept) => `${name}.${keyName(kept)} = k.${keyName(kept)}`).join(' and ');
  const joined = image ? `left join ${place(image.relation)} r on ${match('r')} left join ${still(image)} s on ${match('s')}` : '';
  if (allOld) await client.query(`delete from ${reach} t where not exists (select from ${place(item.relation)} k where ${on})`);
  await client.query(`delete from ${reach} t using ${place(item.relation)} k where k.aside and ${on}`);
  const always = values.filter(({ column }) => column.identityAlways);
  for (const { column } of always) await client.query(`alter table ${tableName(table)} alter column ${quoteName(column.name)} set generated by default`);
  const inserted = await client.query(`insert into ${tableName(table)} (${values.map(({ column }) => quoteName(column.name)).join(', ')}) overriding system value
    select ${values.map(({ value }) => value).join(', ')} from ${place(item.relation)} k ${joined} where k.aside`);
  const { rows } = await client.query<{ count: string }>(`select count(*) as count from ${place(item.relation)} k where k.aside`);
  if (Number(rows[0]!.count) !== inserted.rowCount) throw noWayBack(table);
  for (const { column } of always) await client.query(`alter table ${tableName(table)} alter column ${quoteName(column.name)} set generated always`);
}
