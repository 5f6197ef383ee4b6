import { quoteName } from '../sql-names.ts';
import { before, keyName, live, place, present, reach, returnedValue, tableName, type KeptColumn, type KeptItem } from './item.ts';
import type { ColumnShape, TableShape } from './shape.ts';

/** One statement of putting rows back. `counts`: what its number of rows is; `tally`: it only counts, and gives one row with `count`. */
export interface ReturnStatement {
  sql: string;
  counts?: 'returned' | 'removed' | 'newer' | 'uncertain' | 'unmatched' | 'inUse';
  tally?: true;
}

export const still = (item: KeptItem) => `pg_temp."still_${item.relation}"`;

export const tally = (counts: ReturnStatement['counts'], from: string): ReturnStatement => ({
  counts,
  tally: true,
  sql: `select count(*)::int as count ${from}`,
});

/** A kept column, and what it is in the table now. */
export type Pair = { kept: KeptColumn; column: ColumnShape };

export const pairsOf = (item: KeptItem, table: TableShape): Pair[] =>
  item.columns.flatMap((kept) => {
    const column = present(table, item, kept);
    return column && !column.generated ? [{ kept, column }] : [];
  });

/** A copy (`k`) and what was noted of it (`s`). */
export const onStill = (item: KeptItem) => item.rowKey.map((column) => `s.${keyName(column)} = k.${keyName(column)}`).join(' and ');

/** The rows of the table (`t`) that have a value which must be unique and is a kept row's (`k`); one condition for each key that can be told. */
export const sameKeyed = (table: TableShape, pairs: Pair[]): string[] =>
  table.rowKeys.flatMap((numbers) => {
    const own = numbers.map((number) => pairs.find(({ column }) => column.number === number));
    return own.some((pair) => pair === undefined)
      ? []
      : [own.map((pair) => `${live(pair!.column)} = ${returnedValue(pair!.kept, pair!.column, `k.${before(pair!.kept)}`)}`).join(' and ')];
  });

/** `unlessUsed`: a row stays out where others use a value that must be unique. */
export function insertKept(item: KeptItem, table: TableShape, pairs: Pair[], where: string, unlessUsed = false): ReturnStatement {
  const unused =
    unlessUsed && table.ruled
      ? sameKeyed(table, pairs)
          .map((same) => ` and not exists (select from ${reach(table)} t where ${same})`)
          .join('')
      : '';
  return {
    counts: 'returned',
    sql: `insert into ${tableName(table)} (${pairs.map(({ column }) => quoteName(column.name)).join(', ')}) overriding system value
  select ${pairs.map(({ kept, column }) => returnedValue(kept, column, `k.${before(kept)}`)).join(', ')} from ${place(item.relation)} k where ${where}${unused}${unlessUsed && !table.ruled ? ' on conflict do nothing' : ''}`,
  };
}
