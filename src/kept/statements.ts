import { quoteName, quoteText } from '../sql-names.ts';
import {
  after,
  before,
  copyColumns,
  keyName,
  live,
  onlyFills,
  place,
  present,
  presentKey,
  reach,
  returnedValue,
  same,
  sameRow,
  sameValue,
  storedValue,
  tableName,
  type KeptItem,
} from './item.ts';
import type { Effects } from './effects.ts';
import { exchange, followReferences, moved } from './changed-keys.ts';
import { insertKept, onStill, pairsOf, sameKeyed, still, tally, type Pair, type ReturnStatement } from './return-statement.ts';
import type { ColumnShape, TableShape } from './shape.ts';
import { exchangeRows, fillAlike, giveWay } from './without-key.ts';

/**
 * Notes, before the schema changes, which kept rows are still as the earlier run left them: `p` says whether the row is
 * there, `s<n>` whether column n is unchanged since. Undefined where rows can't be told apart.
 */
export function markStatement(item: KeptItem, table: TableShape | undefined): { sql: string; columns: Set<string> } | undefined {
  const keys = table && presentKey(table, item);
  if (item.fate !== 'stays' || !keys || onlyFills(item)) return undefined;
  const compared = item.columns.filter((column) => column.compared && present(table, item, column));
  const unchanged = copyColumns('s', compared, (column) => {
    const now = present(table, item, column)!;
    return `coalesce(${sameValue(`k.${after(column)}`, storedValue(now, live(now), column.inParts))}, false)`;
  });
  return {
    columns: new Set(compared.map(same)),
    sql: `create temp table ${still(item).replace('pg_temp.', '')} on commit drop as
  select ${[...item.rowKey.map((column) => `k.${keyName(column)}`), `${live(keys[0]!)} is not null as p`, ...unchanged].join(', ')}
  from ${place(item.relation)} k left join ${reach(table)} t on ${sameRow(item.rowKey, keys)}`,
  };
}

/** What a change that is carried out again found. */
export interface Again {
  /** Nothing that it had not seen before. */
  nothingNew: boolean;
  /** No rows of other tables to change or take out: what it makes is of its own, and made once more. */
  movesNothing: boolean;
}

/** What puts a kept table back into the table as it is now. `isNew`: it came back with this run; `marked`: columns that `markStatement` noted. */
export function returnStatements(
  item: KeptItem,
  table: TableShape,
  isNew: boolean,
  marked: Set<string> | undefined,
  again: Again = { nothingNew: false, movesNothing: false },
): ReturnStatement[] {
  const pairs = pairsOf(item, table);
  const keys = presentKey(table, item);
  const rows =
    item.fate === 'dropped'
      ? keys
        ? returnRows(item, table, pairs, keys, isNew, again)
        : [
            ...(isNew ? [giveWay(item, table, again.nothingNew)] : []),
            ...insertBeside(item, table, insertKept(item, table, pairs, "k.mark = 'd'"), isNew && again.movesNothing),
          ]
      : keys && onlyFills(item)
        ? fillColumns(item, table, pairs, keys)
        : item.alike && onlyFills(item) && item.alike.every((column) => present(table, item, column))
          ? fillAlike(item, table, pairs, item.alike)
          : keys && marked
            ? changeRows(item, table, pairs, keys, marked)
            : item.columns.every(({ doomed }) => !doomed)
              ? exchangeRows(item, table, pairs)
              : [tally('unmatched', `from ${place(item.relation)}`)];
  return [...withOpenIdentities(table, rows), ...restoreSequences(item, table)];
}

/** Old values for columns that `effects` is about to give a narrower type: of rows that are still as the earlier run left them. */
export function conversionStatements(
  item: KeptItem,
  table: TableShape,
  keys: ColumnShape[],
  effects: Effects,
  marked: Set<string>,
): { column: string; sql: string }[] {
  const converted = new Set((effects.doomed[tableName(table)] ?? []).filter(({ dropped }) => !dropped).map(({ column }) => column));
  return item.columns.flatMap((kept) => {
    const column = present(table, item, kept);
    if (
      !column ||
      !marked.has(same(kept)) ||
      !converted.has(column.name) ||
      !(column.label || /^(text|character varying)$/.test(column.type))
    )
      return [];
    const known = column.label ? ` and k.${before(kept)}::text = any(enum_range(null::${column.type})::text[])` : '';
    return [
      {
        column: same(kept),
        sql: `update ${reach(table)} t set ${quoteName(column.name)} = k.${before(kept)}::text${column.label ? `::${column.type}` : ''} from ${place(item.relation)} k, ${still(item)} s
  where ${sameRow(item.rowKey, keys)} and ${onStill(item)} and k.mark = 'c' and s.p and s.${same(kept)}${known}`,
      },
    ];
  });
}

/** Columns that were gone get their values; nobody can have changed those since. */
function fillColumns(item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[]): ReturnStatement[] {
  if (pairs.length === 0) return [];
  const set = pairs.map(({ kept, column }) => `${quoteName(column.name)} = ${returnedValue(kept, column, `k.${before(kept)}`)}`).join(', ');
  return [
    { counts: 'returned', sql: `update ${reach(table)} t set ${set} from ${place(item.relation)} k where ${sameRow(item.rowKey, keys)}` },
    ...numberOthers(item, table, pairs, keys),
  ];
}

/** The rows of a table that was gone. Into one that came back empty they all go; else a key that is in use is left to who uses it. */
function returnRows(
  item: KeptItem,
  table: TableShape,
  pairs: Pair[],
  keys: ColumnShape[],
  isNew: boolean,
  again: Again,
): ReturnStatement[] {
  const used = `exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`;
  const made = `delete from ${reach(table)} t using ${place(item.relation)} k where k.mark ${isNew ? "in ('d', 'g')" : "= 'g'"} and ${sameRow(item.rowKey, keys)}`;
  if (isNew && again.movesNothing)
    return [{ sql: made }, ...insertBeside(item, table, insertKept(item, table, pairs, "k.mark = 'd'"), true)];
  return [
    isNew ? { sql: made } : { sql: made, counts: 'removed' },
    ...(isNew ? twins(item, table, pairs) : []),
    tally('uncertain', `from ${place(item.relation)} k where k.mark = 'd' and ${used}`),
    insertKept(item, table, pairs, `k.mark = 'd' and not ${used}`),
  ];
}

/** Kept rows go in; where they `win`, what the change made anew has only the place that they leave. */
function insertBeside(item: KeptItem, table: TableShape, insert: ReturnStatement, win: boolean): ReturnStatement[] {
  if (!win || !table.exclusive || table.ruled) return [insert];
  const made = `pg_temp."made_${item.relation}"`;
  const columns = table.columns.flatMap(({ name, generated }) => (generated ? [] : [quoteName(name)])).join(', ');
  return [
    { sql: `create temp table ${made.replace('pg_temp.', '')} on commit drop as select ${columns} from ${reach(table)} t` },
    { sql: `delete from ${reach(table)}` },
    insert,
    { sql: `insert into ${tableName(table)} (${columns}) overriding system value select ${columns} from ${made} on conflict do nothing` },
    { sql: `drop table ${made}` },
  ];
}

/** Into a table that came back: a row that the change made anew under another key, with a value that is unique and a kept row's, gives way to that. */
const twins = (item: KeptItem, table: TableShape, pairs: Pair[]): ReturnStatement[] =>
  sameKeyed(table, pairs).map((same) => ({
    sql: `delete from ${reach(table)} t using ${place(item.relation)} k where k.mark = 'd' and ${same}`,
  }));

function changeRows(item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[], marked: Set<string>): ReturnStatement[] {
  // A column that this very run brought back has not been changed since.
  const unchanged = ({ kept }: Pair) => (marked.has(same(kept)) ? `s.${same(kept)}` : 'true');
  const compared = pairs.filter(({ kept }) => kept.compared);
  const all = compared.length > 0 ? compared.map(unchanged).join(' and ') : 'true';
  const some = pairs.every(({ kept }) => kept.compared) ? `(${compared.map(unchanged).join(' or ') || 'false'})` : 'true';
  const old = ({ kept, column }: Pair) => returnedValue(kept, column, `k.${before(kept)}`);
  // What the run itself left alone stays as it is now: an earlier step may have changed it, and its old value is then that step's.
  const changed = ({ kept }: Pair) => (kept.doomed ? '' : ` and k.${before(kept)}::text is distinct from k.${after(kept)}::text`);
  const value = (pair: Pair) =>
    pair.kept.compared ? `case when ${unchanged(pair)}${changed(pair)} then ${old(pair)} else ${live(pair.column)} end` : old(pair);
  const from = `${place(item.relation)} k, ${still(item)} s`;
  const on = `${sameRow(item.rowKey, keys)} and ${onStill(item)}`;
  const joined = `from ${place(item.relation)} k join ${still(item)} s on ${onStill(item)}`;
  const made = `(k.mark = 'i' and s.p and ${all} or k.mark = 'g' and not s.p)`;
  const statements: ReturnStatement[] = [
    tally('newer', `${joined} where s.p and k.mark <> 'd' and not (${all})`),
    tally('uncertain', `${joined} where k.mark = 'd' and s.p`),
    ...(isBuckets(table) ? [tally('inUse', `from ${reach(table)} t, ${from} where ${on} and ${made} and ${holdsFiles}`)] : []),
    {
      counts: 'removed',
      sql: `delete from ${reach(table)} t using ${from} where ${on} and ${made}${isBuckets(table) ? ` and not ${holdsFiles}` : ''}`,
    },
  ];
  if (pairs.length === 0) return statements;
  const set = (list: Pair[], what: (pair: Pair) => string) =>
    list.map((pair) => `${quoteName(pair.column.name)} = ${what(pair)}`).join(', ');
  const keyPairs = keys.map((key) => pairs.find(({ column }) => column.name === key.name));
  const others = item.rekeyed ? pairs.filter((pair) => !keyPairs.includes(pair)) : pairs;
  let rows = `k.mark = 'c' and s.p and ${some}`;
  if (item.rekeyed) {
    const changed = keyPairs.map((pair) => `k.${before(pair!.kept)}::text is distinct from k.${after(pair!.kept)}::text`).join(' or ');
    statements.push(
      ...exchange(item, table, pairs, keys, {
        value,
        where: `k.mark = 'c' and s.p and ${keyPairs.map((pair) => unchanged(pair!)).join(' and ')} and (${changed})`,
        rekeyed: true,
      }),
      { sql: followReferences(table, keys, moved(item)) },
    );
    rows += ` and not exists (select from ${moved(item)} t where ${sameRow(
      item.rowKey,
      keys.map((key, at) => ({ ...key, name: `left_${at}` })),
    )})`;
  }
  if (others.length > 0 && table.exclusive) statements.push(...exchange(item, table, others, keys, { value, where: rows, rekeyed: false }));
  else if (others.length > 0)
    statements.push({ counts: 'returned', sql: `update ${reach(table)} t set ${set(others, value)} from ${from} where ${on} and ${rows}` });
  // Rows that the earlier run deleted, or that this one made anew: the kept row wins where nobody used its key meanwhile.
  statements.push(
    { counts: 'returned', sql: `update ${reach(table)} t set ${set(pairs, old)} from ${from} where ${on} and k.mark = 'd' and not s.p` },
    insertKept(
      item,
      table,
      pairs,
      `k.mark = 'd' and exists (select from ${still(item)} s where ${onStill(item)} and not s.p) and not exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`,
      true,
    ),
    tally(
      'uncertain',
      `${joined} where k.mark = 'd' and not s.p and not exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`,
    ),
    ...numberOthers(item, table, pairs, keys),
    ...(item.rekeyed ? [{ sql: `drop table ${moved(item)}` }] : []),
  );
  return statements;
}

const isBuckets = ({ schema, name }: TableShape) => schema === 'storage' && name === 'buckets';

/** Files lie outside of the database: nothing here could bring them back, so their bucket stays. */
const holdsFiles = 'exists (select from storage.objects f where f.bucket_id = t.id)';

/** All rows of a copy, into a table that was dropped and made again under its name. */
export const carryStatements = (item: KeptItem, table: TableShape): ReturnStatement[] => [
  ...withOpenIdentities(table, [insertKept(item, table, pairsOf(item, table), 'true')]),
  ...restoreSequences(item, table),
];

/** A column that numbers itself and returned: rows that came since get the next numbers, not those of kept rows. */
const numberOthers = (item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[]): ReturnStatement[] =>
  pairs.flatMap(({ kept, column }): ReturnStatement[] => {
    const sequence = item.sequences.find((one) => one.column === kept.number);
    const owned = table.sequences.find((one) => one.column === column.number);
    if (!sequence || !owned || !kept.doomed || kept.compared) return [];
    return [
      { sql: `select setval(${quoteText(tableName(owned))}, ${sequence.last}, ${sequence.called})` },
      {
        sql: `update ${tableName(table)} t set ${quoteName(column.name)} = default where not exists (select from ${place(item.relation)} k where ${sameRow(item.rowKey, keys)})`,
      },
    ];
  });

const restoreSequences = (item: KeptItem, table: TableShape): ReturnStatement[] =>
  item.sequences.flatMap((sequence) => {
    const kept = item.columns.find(({ number }) => number === sequence.column);
    const column = kept && present(table, item, kept);
    const owned = column && table.sequences.find((one) => one.column === column.number);
    return owned ? [raiseSequence(sequence, owned)] : [];
  });

/** A sequence goes on from the number it had reached, or from where it is now when that is further: never back. Nothing happens where it is not there. */
export const raiseSequence = (
  { last, called }: KeptItem['sequences'][number],
  { schema, name }: { schema: string; name: string },
): ReturnStatement => ({
  sql: `select setval(to_regclass(${quoteText(tableName({ schema, name }))}), ${last}, ${called}) from pg_sequences
  where schemaname = ${quoteText(schema)} and sequencename = ${quoteText(name)} and (last_value is null or case when increment_by > 0 then ${last} > last_value else ${last} < last_value end)`,
});

/** An identity column that is GENERATED ALWAYS takes no values but its own; for the length of the put-back it does. */
function withOpenIdentities(table: TableShape, statements: ReturnStatement[]): ReturnStatement[] {
  const set = (how: string): ReturnStatement[] =>
    table.columns.flatMap(({ identityAlways, name }) =>
      identityAlways ? [{ sql: `alter table ${tableName(table)} alter column ${quoteName(name)} set generated ${how}` }] : [],
    );
  return [...set('by default'), ...statements, ...set('always')];
}
