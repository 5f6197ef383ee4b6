import { quoteName } from '../sql-names.ts';
import {
  after,
  before,
  copyColumns,
  copyNames,
  keyName,
  live,
  place,
  present,
  reach,
  returnedValue,
  storedValue,
  tableName,
  type KeptColumn,
  type KeptItem,
} from './item.ts';
import { insertKept, tally, type Pair, type ReturnStatement } from './return-statement.ts';
import type { TableShape } from './shape.ts';

/**
 * Without a key: a row gets the value of one that agreed with it in every other column; where several agree they are alike, and each gets one.
 * A row that users changed or deleted since agrees with none: its value stays in the copy.
 */
export function fillAlike(item: KeptItem, table: TableShape, pairs: Pair[], alike: KeptColumn[]): ReturnStatement[] {
  const now = (column: KeptColumn) => {
    const shape = present(table, item, column)!;
    return `(${storedValue(shape, live(shape))})::text`;
  };
  const turn = (values: string[]) => `row_number() over (partition by ${values.join(', ')})`;
  const found = `pg_temp."alike_${item.relation}"`;
  const values = copyNames(
    'c',
    pairs.map(({ kept }) => kept),
  );
  return [
    {
      sql: `create temp table ${found.replace('pg_temp.', '')} on commit drop as with live as (
    select t.tableoid as part, t.ctid as place, ${[...alike.map((column) => `${now(column)} as ${keyName(column)}`), `${turn(alike.map(now))} as turn`].join(', ')} from ${reach(table)} t
  ), gone as (
    select ${[...alike.map(keyName), ...values, `${turn(alike.map(keyName))} as turn`].join(', ')} from ${place(item.relation)}
  )
  select part, place, ${values.map((value) => `gone.${value}`).join(', ')} from live join gone on ${[...alike.map(keyName), 'turn'].map((name) => `live.${name} is not distinct from gone.${name}`).join(' and ')}`,
    },
    tally(
      'unmatched',
      `from (select least((select count(*) from ${place(item.relation)}), (select count(*) from ${reach(table)})) - (select count(*) from ${found}) as rows) as left_over cross join generate_series(1, rows)`,
    ),
    {
      counts: 'returned',
      sql: `update ${tableName(table)} t set ${pairs.map(({ kept, column }) => `${quoteName(column.name)} = ${returnedValue(kept, column, `k.${before(kept)}`)}`).join(', ')} from ${found} k where t.tableoid = k.part and t.ctid = k.place`,
    },
  ];
}

const digestOf = (values: { name: string; value: string }[]) =>
  `md5(array[${values
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ value }) => `(${value})::text`)
    .join(', ')}]::text[]::text)`;

/** What tells a row of a table without a key (`t`) apart: the same of equal rows, whatever the order of columns. */
export const liveDigest = ({ columns }: TableShape): string =>
  digestOf(columns.flatMap((column) => (column.generated ? [] : [{ name: column.name, value: storedValue(column, live(column)) }])));

/** The same of a kept row (`k`). */
export const keptDigest = ({ columns }: Pick<KeptItem, 'columns'>): string =>
  digestOf(columns.map((column) => ({ name: column.name, value: `k.${before(column)}` })));

/**
 * Without a key, into a table that came back: what the change made anew of the rows that were kept, or that users had deleted, goes, each as often.
 * Where it had `nothingNew` to work on, all that it made goes.
 */
export const giveWay = (item: KeptItem, table: TableShape, nothingNew: boolean): ReturnStatement =>
  nothingNew
    ? { sql: `delete from ${reach(table)} t` }
    : {
        sql: `with live as (
    select t.tableoid as part, t.ctid as place, d.digest, row_number() over (partition by d.digest) as turn from ${reach(table)} t cross join lateral (select ${liveDigest(table)}) as d (digest)
  ), known as (
    select d.digest, row_number() over (partition by d.digest) as turn from ${place(item.relation)} k cross join lateral (select case k.mark when 'g' then k.digest else ${keptDigest(item)} end) as d (digest) where k.mark in ('d', 'g')
  )
  delete from ${tableName(table)} t using live join known using (digest, turn) where t.tableoid = live.part and t.ctid = live.place`,
      };

/**
 * Without a key: each row that came goes once, each row that went comes back once. Where users changed some of those that came, it can't be
 * told which of the others they were: then all stay as they are.
 */
export function exchangeRows(item: KeptItem, table: TableShape, pairs: Pair[]): ReturnStatement[] {
  const compared = pairs.filter(({ kept }) => kept.compared);
  const columns = compared.map(({ kept }) => kept);
  const names = copyNames('n', columns).join(', ');
  const now = copyColumns('n', columns, (kept) => {
    const { column } = compared.find((pair) => pair.kept === kept)!;
    return `(${storedValue(column, live(column))})::text`;
  });
  const found = `pg_temp."found_${item.relation}"`;
  const both = `(select count(distinct mark) from ${place(item.relation)} where mark in ('d', 'i')) = 2`;
  const exact = `(not ${both} or (select count(*) from ${found}) = (select count(*) from ${place(item.relation)} where mark = 'i'))`;
  return [
    {
      sql: `create temp table ${found.replace('pg_temp.', '')} on commit drop as with live as (
    select t.tableoid as part, t.ctid as place, ${now.join(', ')} from ${reach(table)} t
  ), numbered as (
    select part, place, ${names}, row_number() over (partition by ${names} order by part, place) as turn from live
  ), gone as (
    select ${names}, row_number() over (partition by ${names}) as turn from (select ${copyColumns('n', columns, after).join(', ')} from ${place(item.relation)} where mark = 'i') as came
  )
  select part, place from numbered join gone on numbered.turn = gone.turn and ${copyNames('n', columns)
    .map((name) => `numbered.${name} is not distinct from gone.${name}`)
    .join(' and ')}`,
    },
    tally('unmatched', `from ${place(item.relation)} where mark = 'd' and not ${exact}`),
    {
      counts: 'removed',
      sql: `delete from ${tableName(table)} t using ${found} f where t.tableoid = f.part and t.ctid = f.place and ${exact}`,
    },
    insertKept(item, table, pairs, `k.mark = 'd' and ${exact}`),
  ];
}
