import type { ColumnShape, SequenceShape, TableShape } from './shape.ts';

/** One kept table: what of which table a run destroyed or changed, and where the copy is. Stored as JSON in supasnap_kept. */
export interface KeptItem {
  /** Name of the copy, in schema supabase_migrations. */
  relation: string;
  /** The table as it was when the run began. */
  table: { key: string; schema: string; name: string; partitioned: boolean };
  /** Columns that tell rows apart; empty when there is no key. */
  rowKey: KeptColumn[];
  columns: KeptColumn[];
  /** The whole table went with the run; `created`: the run made it, and the copy holds the keys of the rows it put in. */
  fate: 'dropped' | 'created' | 'stays';
  sequences: (SequenceShape & { last: string; called: boolean })[];
}

/** A column of the table, and the columns of the copy that hold its values: before (`c3`) and after (`n3`). */
export interface KeptColumn {
  number: number;
  name: string;
  type: string;
  builtIn: boolean;
  generated: boolean;
  /** The values go with the column, or change with its type. */
  doomed: boolean;
  /** Whether the copy has the value after the run, to tell whether users changed it since. */
  compared: boolean;
}

/**
 * Rows of a copy, by their mark: `c` changed, or bereft of a column; `d` deleted by the run; `i` inserted by it;
 * `g` inserted by the run that this one undoes, and deleted by users since: it must not come back.
 */
export type RowMark = 'c' | 'd' | 'i' | 'g';

export const before = (column: KeptColumn) => `c${column.number}`;
export const after = (column: KeptColumn) => `n${column.number}`;
export const keyName = (column: KeptColumn) => `k${column.number}`;

/** Values whose type or collation is not PostgreSQL's own are kept as plain text, so that it can be dropped or changed meanwhile. */
export const storedValue = (column: Pick<ColumnShape, 'builtIn'>, sql: string) => (column.builtIn ? sql : `${sql}::text collate "default"`);

export const returnedValue = (column: Pick<ColumnShape, 'type'>, sql: string) => `(${sql})::${column.type}`;

/** Equal to the last character, where `=` would call 1.0 and 1.00 the same. */
export const sameValue = (a: string, b: string) => `(${a})::text is not distinct from (${b})::text`;

export function keptColumn(column: ColumnShape, doomed: boolean, compared: boolean): KeptColumn {
  const { number, name, type, builtIn, generated } = column;
  return { number, name, type, builtIn, generated, doomed, compared };
}

/** The column of a table that a kept column is now: in the same table the same number, or else the same name. */
export function present(table: TableShape, item: KeptItem, column: KeptColumn): ColumnShape | undefined {
  if (table.key !== item.table.key) return table.columns.find(({ name }) => name === column.name);
  return table.columns.find(({ number, name }) => number === column.number && name === column.name)
    ?? table.columns.find(({ number }) => number === column.number)
    ?? table.columns.find(({ name }) => name === column.name);
}
