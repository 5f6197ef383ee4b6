import { quoteName } from '../sql-names.ts';
import { before, keyName, place, present, returnedValue, tableName, type KeptColumn, type KeptItem } from './item.ts';
import type { ColumnShape, TableShape } from './shape.ts';

/** One statement of putting rows back. `counts`: what its number of rows is; `tally`: it only counts, and gives one row with `count`. */
export interface ReturnStatement {
  sql: string;
  counts?: 'returned' | 'removed' | 'newer' | 'uncertain' | 'unmatched';
  tally?: true;
}

export const still = (item: KeptItem) => `pg_temp."still_${item.relation}"`;
export const same = (column: KeptColumn) => `s${column.number}`;

export const tally = (counts: ReturnStatement['counts'], from: string): ReturnStatement => ({ counts, tally: true, sql: `select count(*)::int as count ${from}` });

/** A kept column, and what it is in the table now. */
export type Pair = { kept: KeptColumn; column: ColumnShape };

export const pairsOf = (item: KeptItem, table: TableShape): Pair[] =>
  item.columns.flatMap((kept) => {
    const column = present(table, item, kept);
    return column && !column.generated ? [{ kept, column }] : [];
  });

/** A copy (`k`) and what was noted of it (`s`). */
export const onStill = (item: KeptItem) => item.rowKey.map((column) => `s.${keyName(column)} = k.${keyName(column)}`).join(' and ');

/** `unlessUsed`: a row stays out where others use a value that must be unique. */
export const insertKept = (item: KeptItem, table: TableShape, pairs: Pair[], where: string, unlessUsed = false): ReturnStatement => ({
  counts: 'returned',
  sql: `insert into ${tableName(table)} (${pairs.map(({ column }) => quoteName(column.name)).join(', ')}) overriding system value
  select ${pairs.map(({ kept, column }) => returnedValue(kept, column, `k.${before(kept)}`)).join(', ')} from ${place(item.relation)} k where ${where}${unlessUsed ? ' on conflict do nothing' : ''}`,
});
