import { quoteName, quoteText } from '../sql-names.ts';
import { after, before, live, place, presentKey, reach, returnedValue, sameRow, tableName, type KeptItem } from './item.ts';
import { onStill, pairsOf, still, type Pair, type ReturnStatement } from './return-statement.ts';
import type { ColumnShape, TableShape } from './shape.ts';

/** Rows that are on their way to other values. */
export const moved = (item: KeptItem) => `pg_temp."moved_${item.relation}"`;

/** Keys of rows that could not go back to their old key: that one (`old_0`) and the present one (`left_0`), as text. */
const stayed = (item: KeptItem) => `pg_temp."stayed_${item.relation}"`;

/**
 * Rows get old values that must be unique, or (`rekeyed`) their old key: they are taken out and put in again, for two may have each
 * other's. An old key that someone else uses now is left to them.
 */
export function exchange(
  item: KeptItem,
  table: TableShape,
  pairs: Pair[],
  keys: ColumnShape[],
  of: { value: (pair: Pair) => string; where: string; rekeyed: boolean },
): ReturnStatement[] {
  const out = of.rekeyed ? moved(item) : `pg_temp."exchanged_${item.relation}"`;
  const stored = table.columns.filter(({ generated }) => !generated);
  const values = stored.map((column) => {
    const pair = pairs.find((one) => one.column === column);
    return `${pair ? of.value(pair) : live(column)} as ${quoteName(column.name)}`;
  });
  const names = stored.map(({ name }) => quoteName(name)).join(', ');
  const left = keys.map((column, at) => `${live(column)} as left_${at}`);
  const match = (a: (key: string, at: number) => string, b: (key: string, at: number) => string) =>
    keys.map(({ name }, at) => `${a(quoteName(name), at)} = ${b(quoteName(name), at)}`).join(' and ');
  return [
    {
      sql: `create temp table ${out.replace('pg_temp.', '')} on commit drop as select ${[...values, ...left].join(', ')} from ${reach(table)} t, ${place(item.relation)} k, ${still(item)} s
  where ${sameRow(item.rowKey, keys)} and ${onStill(item)} and ${of.where}`,
    },
    ...(of.rekeyed ? leaveTaken(item, table, keys) : []),
    {
      sql: `delete from ${reach(table)} t using ${out} m where ${match(
        (key) => `t.${key}`,
        (_, at) => `m.left_${at}`,
      )}`,
    },
    { counts: 'returned', sql: `insert into ${tableName(table)} (${names}) overriding system value select ${names} from ${out}` },
    // It has columns of the table's own types, and one of those may be about to go.
    ...(of.rekeyed ? [] : [{ sql: `drop table ${out}` }]),
  ];
}

/** Rows that point to a key that went back point to it again; which tables have such rows is known only where it runs. */
export function followReferences(table: TableShape, keys: ColumnShape[], moved: string): string {
  const keyNames = `array[${keys.map(({ name }) => quoteText(name)).join(', ')}]::text[]`;
  return `do $follow$
declare
  reference record;
begin
  for reference in
    select format('%I.%I', n.nspname, c.relname) as child,
      string_agg(format('%I = m.%I', a.attname, key.name), ', ' order by key.place) as assignments,
      string_agg(format('c.%I = m.left_%s', a.attname, key.place - 1), ' and ' order by key.place) as points,
      string_agg(format('t.%I = c.%I', key.name, a.attname), ' and ' order by key.place) as stands
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      cross join unnest(${keyNames}) with ordinality as key (name, place)
      join pg_attribute p on p.attrelid = k.confrelid and p.attname = key.name
      join unnest(k.conkey, k.confkey) as u (own, theirs) on u.theirs = p.attnum
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.own
    where k.contype = 'f' and k.conparentid = 0 and k.confrelid = to_regclass(${quoteText(tableName(table))}) and cardinality(k.confkey) = ${keys.length}
    group by k.oid, n.nspname, c.relname having count(*) = ${keys.length}
  loop
    execute format('update %s c set %s from ${inFormat(moved)} m where %s and not exists (select from ${inFormat(reach(table))} t where %s)',
      reference.child, reference.assignments, reference.points, reference.stands);
  end loop;
end $follow$`;
}

/** As part of the text that a format() in single quotes is given. */
const inFormat = (sql: string) => sql.replaceAll("'", "''").replaceAll('%', '%%');

/** A row stays at its present key where someone else uses the old one, and so does the next that was to have that. */
function leaveTaken(item: KeptItem, table: TableShape, keys: ColumnShape[]): ReturnStatement[] {
  const out = moved(item);
  const all = (pair: (key: string, at: number) => string, by = ' and ') => keys.map(({ name }, at) => pair(quoteName(name), at)).join(by);
  const columns = all((key, at) => `m.${key} as old_${at}, m.left_${at}`, ', ');
  return [
    {
      sql: `create temp table ${stayed(item).replace('pg_temp.', '')} on commit drop as with recursive stays as (
    select ${columns} from ${out} m where exists (select from ${reach(table)} t where ${all((key) => `t.${key} = m.${key}`)} and not exists (select from ${out} o where ${all((key, at) => `t.${key} = o.left_${at}`)}))
    union select ${columns} from ${out} m join stays s on ${all((key, at) => `m.${key} = s.left_${at}`)}
  ) select ${all((_, at) => `old_${at}::text, left_${at}::text`, ', ')} from stays`,
    },
    {
      counts: 'uncertain',
      sql: `delete from ${out} m using ${stayed(item)} s where ${all((_, at) => `m.left_${at}::text = s.left_${at}`)}`,
    },
  ];
}

/** A table whose rows are put back, as the statements know it. */
export interface Returning {
  item: KeptItem;
  table: TableShape;
  pairs: Pair[];
  keys: ColumnShape[] | undefined;
}

export const returningOf = (item: KeptItem, table: TableShape): Returning => ({
  item,
  table,
  pairs: pairsOf(item, table),
  keys: presentKey(table, item),
});

/**
 * At the end: kept rows that pointed to a row which stayed at its present key point to it still, not to the row that has its old key now.
 * `mayHaveStayed` narrows the tables down where it is not known yet whether keys were changed.
 */
export const stayWithParents = (returning: Returning[], mayHaveStayed: (parent: Returning) => boolean = () => true): ReturnStatement[] =>
  returning.filter(mayHaveStayed).flatMap((parent) => {
    const children = returning.filter(({ item, keys, pairs }) => item.fate === 'stays' && keys && pairs.some(({ kept }) => kept.compared));
    return parent.item.rekeyed && parent.keys
      ? children.map((child) => ({ sql: stayWithParent(parent.item, parent.table, parent.keys!, child) }))
      : [];
  });

function stayWithParent(
  parent: KeptItem,
  parentTable: TableShape,
  parentKeys: ColumnShape[],
  { item, table, pairs, keys }: Returning,
): string {
  const columns = pairs
    .filter(({ kept }) => kept.compared)
    .map(
      ({ kept, column }) =>
        `(${[column.name, before(kept), after(kept), returnedValue(kept, column, `k.${after(kept)}`)].map(quoteText).join(', ')})`,
    );
  return `do $stay$
declare
  reference record;
begin
  if to_regclass(${quoteText(stayed(parent))}) is null then return; end if;
  for reference in
    select string_agg(format('%I = %s', a.attname, c.still), ', ' order by key.place) as assignments,
      string_agg(format('k.%s::text = s.old_%s and k.%s::text = s.left_%s and t.%I::text = s.old_%s', c.before, key.place - 1, c.after, key.place - 1, a.attname, key.place - 1), ' and ' order by key.place) as points
    from pg_constraint r cross join unnest(array[${parentKeys.map(({ name }) => quoteText(name)).join(', ')}]::text[]) with ordinality as key (name, place)
      join pg_attribute p on p.attrelid = r.confrelid and p.attname = key.name
      join unnest(r.conkey, r.confkey) as u (own, theirs) on u.theirs = p.attnum
      join pg_attribute a on a.attrelid = r.conrelid and a.attnum = u.own
      join (values ${columns.join(', ')}) as c (name, before, after, still) on c.name = a.attname
    where r.contype = 'f' and r.conrelid = to_regclass(${quoteText(tableName(table))}) and r.confrelid = to_regclass(${quoteText(tableName(parentTable))}) and cardinality(r.confkey) = ${parentKeys.length}
    group by r.oid having count(*) = ${parentKeys.length}
  loop
    execute format('update ${inFormat(reach(table))} t set %s from ${inFormat(place(item.relation))} k, ${inFormat(stayed(parent))} s where k.mark = ''c'' and ${inFormat(sameRow(item.rowKey, keys!))} and %s', reference.assignments, reference.points);
  end loop;
end $stay$`;
}
