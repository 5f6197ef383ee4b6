import type pg from 'pg';
import { failed } from '../errors.ts';
import { quoteName } from '../sql-names.ts';
import { copyQuery } from './copies-plan.ts';
import { exactText, ownText } from './exact-text.ts';
import {
  before,
  findTable,
  keyName,
  live,
  place,
  present,
  presentKey,
  reach,
  returnedValue,
  same,
  sameRow,
  storedValue,
  tableName,
  type KeptItem,
} from './item.ts';
import type { Keeping } from './keep.ts';
import type { Marks } from './put-back.ts';
import { still } from './return-statement.ts';
import { readShapes, type ColumnShape, type TableShape } from './shape.ts';
import { withQuietTriggers } from './quiet.ts';

/**
 * A migration that is applied again has seen the rows that were there when it was rolled back: they are set aside while it
 * runs, so that it changes only what came since.
 */
export interface Aside {
  /** Kept tables of this run whose old rows were taken out. */
  items: KeptItem[];
  /** Whether they were taken out, or the migration works on them too. */
  out: boolean;
  /** Whether every row was old: then the migration has nothing new to work on. */
  allOld: boolean;
}

/** Rows that a migration has seen: up to the end of its rollback, but for transactions at work then, and those that came back since. */
export interface Seen {
  until: string[];
  /** Parts of later transactions in which kept rows came back. */
  returned: string[];
}

const old = ({ until: [last, ...atWork], returned }: Seen) =>
  `(age(t.xmin) >= age('${last!}'::xid) and t.xmin::text <> all ('{${atWork.join(',')}}') or t.xmin::text = any ('{${returned.join(',')}}'))`;

/** Marks the rows that the rollback left behind, and takes them out when `out` is true; not of a table that goes, for another may be made of it. */
export async function setAside(client: pg.Client, keeping: Keeping, until: Seen, out: boolean, state: string): Promise<Aside> {
  const items = keeping.items.filter(({ rowKey, fate, whole }) => whole && (fate === 'stays' || (fate === 'dropped' && rowKey.length > 0)));
  let allOld = true;
  await withQuietTriggers(
    client,
    items.map(({ table }) => tableName(table)),
    state,
    async () => {
      for (const item of items) {
        if (item.rowKey.length === 0) {
          if (!out) continue;
          const taken = await client.query(
            `create temp table ${outOf(item).replace('pg_temp.', '')} on commit drop as ${copyQuery(item, keeping.shapes.get(item.table.key)!)} where ${old(until)}`,
          );
          await client.query(`delete from ${reach(item.table)} t where ${old(until)}`);
          if ((await client.query(`select from ${reach(item.table)} limit 1`)).rowCount || !taken.rowCount) allOld = false;
          continue;
        }
        await client.query(`alter table ${place(item.relation)} add column aside boolean not null default false`);
        const marked = await client.query(`update ${place(item.relation)} k set aside = true from ${reach(item.table)} t
        where ${sameRow(item.rowKey, presentKey(keeping.shapes.get(item.table.key)!, item)!)} and ${old(until)}`);
        if (item.fate === 'dropped') continue;
        if (out) await client.query(`delete from ${reach(item.table)} t where ${old(until)}`);
        const { rows } = await client.query<{ count: string }>(`select count(*) as count from ${place(item.relation)}`);
        if (Number(rows[0]!.count) !== (marked.rowCount ?? 0)) allOld = false;
      }
    },
  );
  return { items, out, allOld };
}

/**
 * Brings the rows set aside back, as they were before the rollback where they are unchanged since (`undoing` holds that); where
 * the migration made the same key again, the row set aside wins.
 */
export async function bringBack(client: pg.Client, aside: Aside, undoing: KeptItem[], marks: Marks): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of aside.items) {
    const table = findTable(shapes, item);
    if (item.rowKey.length === 0) {
      if (aside.out)
        await bringKeylessBack(
          client,
          item,
          table,
          undoing.find(({ fate, table: { key } }) => fate === 'stays' && key === item.table.key),
        );
      continue;
    }
    const keys = table && presentKey(table, item);
    if (keys) await bringTableBack(client, item, table, keys, aside.allOld, earlierImage(item, undoing, marks));
    else if (item.fate === 'stays') throw noWayBack(item.table);
    await client.query(`alter table ${place(item.relation)} drop column aside`);
  }
  await client.query(ownText);
}

/** Rows of a table without a key that are set aside. */
const outOf = (item: KeptItem) => `pg_temp."aside_${item.relation}"`;

/** As they were after the rollback; what that changed is exchanged afterwards, so what the migration made again of it goes first. */
async function bringKeylessBack(
  client: pg.Client,
  item: KeptItem,
  table: TableShape | undefined,
  image: KeptItem | undefined,
): Promise<void> {
  if (!table) throw noWayBack(item.table);
  const told = image?.columns.flatMap((kept) => {
    const column = present(table, image, kept);
    return column && !column.generated ? [{ kept, now: storedValue(column, live(column)) }] : [];
  });
  if (image && told && told.length > 0) {
    const now = `array[${told.map((one) => `(${one.now})::text`).join(', ')}]`;
    const then = `array[${told.map(({ kept }) => `${before(kept)}::text`).join(', ')}]`;
    await client.query(`with live as (select t.tableoid as part, t.ctid as place, ${now} as row, row_number() over (partition by ${now}) as turn from ${reach(table)} t),
      gone as (select ${then} as row, row_number() over (partition by ${then}) as turn from ${place(image.relation)} where mark = 'd')
      delete from ${tableName(table)} t using live join gone using (row, turn) where t.tableoid = live.part and t.ctid = live.place`);
  }
  const pairs = item.columns.flatMap((kept) => {
    const column = present(table, item, kept);
    return column && !column.generated ? [{ name: quoteName(column.name), value: returnedValue(kept, column, `k.${before(kept)}`) }] : [];
  });
  await client.query(
    `insert into ${tableName(table)} (${pairs.map(({ name }) => name).join(', ')}) overriding system value select ${pairs.map(({ value }) => value).join(', ')} from ${outOf(item)} k`,
  );
}

const noWayBack = (table: { schema: string; name: string }) =>
  failed(
    'row_conflict',
    `The rows of ${table.schema}.${table.name} from before the rollback do not fit what the migration makes of the table.`,
    {
      state: 'Nothing was changed: the transaction was rolled back.',
      next: 'Apply it to all rows as if for the first time, without returning what was kept: --keep-data never',
    },
  );

/** The copy of the same table that the rollback took, where its rows can be matched. */
function earlierImage(item: KeptItem, undoing: KeptItem[], { columns }: Marks): { copy: KeptItem; marked: Set<string> } | undefined {
  const image = undoing.find(
    ({ table, rowKey, fate }) =>
      fate === 'stays' &&
      table.key === item.table.key &&
      rowKey.length === item.rowKey.length &&
      rowKey.every(({ number }, at) => number === item.rowKey[at]!.number),
  );
  const marked = image && columns.get(image.relation);
  return marked ? { copy: image, marked } : undefined;
}

async function bringTableBack(
  client: pg.Client,
  item: KeptItem,
  table: TableShape,
  keys: ColumnShape[],
  allOld: boolean,
  image: { copy: KeptItem; marked: Set<string> } | undefined,
): Promise<void> {
  const on = sameRow(item.rowKey, keys);
  const values = table.columns
    .filter(({ generated }) => !generated)
    .flatMap((column) => {
      const own = item.columns.find((kept) => present(table, item, kept) === column);
      const earlier = image?.copy.columns.find((kept) => present(table, image.copy, kept) === column);
      const now =
        own && (own.type === column.type ? returnedValue(own, column, `k.${before(own)}`) : `(k.${before(own)}::text)::${column.type}`);
      if (!image || !earlier) return now ? [{ column, value: now }] : [];
      const unchanged = image.marked.has(same(earlier)) ? `r.mark = 'c' and s.p and s.${same(earlier)}` : `r.mark = 'c' and s.p`;
      return [
        {
          column,
          value: `case when ${unchanged} then ${returnedValue(earlier, column, `r.${before(earlier)}`)}${now ? ` else ${now}` : ''} end`,
        },
      ];
    });
  const match = (name: string) => item.rowKey.map((kept) => `${name}.${keyName(kept)} = k.${keyName(kept)}`).join(' and ');
  const joined = image
    ? `left join ${place(image.copy.relation)} r on ${match('r')} left join ${still(image.copy)} s on ${match('s')}`
    : '';
  const { fate } = item;
  if (fate === 'stays' && allOld)
    await client.query(`delete from ${reach(table)} t where not exists (select from ${place(item.relation)} k where ${on})`);
  if (fate === 'stays') await client.query(`delete from ${reach(table)} t using ${place(item.relation)} k where k.aside and ${on}`);
  // Not those that only the rollback had brought, and nobody changed since. Into a table that the migration made in place of the old one,
  // only what it left out although it was there before the rollback.
  const untouched = ['s.p', ...[...(image?.marked ?? [])].map((column) => `s.${column}`)].join(' and ');
  const wanted = `k.aside${image ? ` and not coalesce(r.mark = 'i' and ${untouched}, false)` : ''}${fate === 'stays' ? '' : ` and not exists (select from ${reach(table)} t where ${on})`}`;
  const always = values.filter(({ column }) => column.identityAlways);
  for (const { column } of always)
    await client.query(`alter table ${tableName(table)} alter column ${quoteName(column.name)} set generated by default`);
  const inserted =
    await client.query(`insert into ${tableName(table)} (${values.map(({ column }) => quoteName(column.name)).join(', ')}) overriding system value
    select ${values.map(({ value }) => value).join(', ')} from ${place(item.relation)} k ${joined} where ${wanted}`);
  const { rows } = await client.query<{ count: string }>(
    `select count(*) as count from ${place(item.relation)} k ${joined} where ${wanted}`,
  );
  if (fate === 'stays' && Number(rows[0]!.count) !== inserted.rowCount) throw noWayBack(table);
  for (const { column } of always)
    await client.query(`alter table ${tableName(table)} alter column ${quoteName(column.name)} set generated always`);
}
