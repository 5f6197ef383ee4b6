import { quoteName } from '../sql-names.ts';
import type { ColumnShape, SequenceShape, TableShape } from './shape.ts';

/** One kept table: what of which table a run destroyed or changed, and where the copy is. Stored as JSON in supasnap_kept. */
export interface KeptItem {
  /** Name of the copy, in schema supabase_migrations. */
  relation: string;
  /** The table as it was when the run began; of a sequence the name alone. */
  table: { key: string; schema: string; name: string; partitioned: boolean };
  /** Columns that tell rows apart; empty when there is no key. */
  rowKey: KeptColumn[];
  columns: KeptColumn[];
  /** Of a table without a key that loses columns: the others, kept as text. A row whose other values are all the same is taken for the same. */
  alike?: KeptColumn[];
  /**
   * The whole table went with the run, and no other came in its place; `created`: the run made it, and the copy holds the keys of
   * the rows it put in; `sequence`: a sequence went, and only `sequences` means something; `jobs`, `queues` and `messages` are the platform's (src/platform-rows).
   */
  fate: 'dropped' | 'created' | 'stays' | 'sequence' | 'jobs' | 'queues' | 'messages';
  /** The numbers they had reached; in a rollback file, SQL that reads them. */
  sequences: (SequenceShape & { last: string; called: boolean | string })[];
  /** Other columns of the copy that are not to return now; never stored. */
  rest?: KeptColumn[];
  /** Rows of it got another key by the run. */
  rekeyed?: boolean;
}

/** A column of the table, and what of the copy holds its values: before (`c3`) and after (`n3`), or `c[3]` and `n[3]`. */
export interface KeptColumn {
  number: number;
  name: string;
  type: string;
  builtIn: boolean;
  /** Kept as JSON, each attribute by its name: of a composite type that loses attributes, which come back in another place. */
  inParts?: boolean;
  /** The copy would have more columns than PostgreSQL allows: all of them are in one array, as text. */
  packed?: true;
  generated: boolean;
  /** The values go with the column, or change with its type. */
  doomed: boolean;
  /** Whether the copy has the value after the run, to tell whether users changed it since. */
  compared: boolean;
}

// Rows of a copy, by their mark: 'c' changed, or bereft of a column; 'd' deleted by the run; 'i' inserted by it;
// 'g' inserted by the run that this one undoes, and deleted by users since: it must not come back.

const within = (place: CopyPlace, { number, packed }: KeptColumn) => (packed ? `${place}[${number}]` : `${place}${number}`);

export const before = (column: KeptColumn) => within('c', column);
export const after = (column: KeptColumn) => within('n', column);
/** Whether it is unchanged since, where that is noted of a copy. */
export const same = (column: KeptColumn) => within('s', column);

type CopyPlace = 'c' | 'n' | 's';

/** The entries of a select list that make those columns of a copy; `value` is SQL. */
export function copyColumns(place: CopyPlace, columns: KeptColumn[], value: (column: KeptColumn) => string): string[] {
  if (!columns.some(({ packed }) => packed)) return columns.map((column) => `${value(column)} as ${within(place, column)}`);
  const at = new Map(columns.map((column) => [column.number, `(${value(column)})::${place === 's' ? 'boolean' : 'text'}`]));
  const entries = Array.from({ length: Math.max(...at.keys()) }, (_, index) => at.get(index + 1) ?? 'null');
  return [`array[${entries.join(', ')}]::${place === 's' ? 'boolean' : 'text'}[] as ${place}`];
}

/** The names of those columns of a copy. */
export const copyNames = (place: CopyPlace, columns: KeptColumn[]): string[] => [
  ...new Set(columns.map((column) => (column.packed ? place : within(place, column)))),
];

export const keyName = (column: KeptColumn) => `k${column.number}`;

/** A copy; in a rollback file it goes by a name of its own. */
export const place = (relation: string) =>
  `${relation.startsWith('supasnap_rows_') ? 'pg_temp' : 'supabase_migrations'}.${quoteName(relation)}`;

export const tableName = (table: { schema: string; name: string }) => `${quoteName(table.schema)}.${quoteName(table.name)}`;

/** A table as one reads and writes its own rows: through the root where it is partitioned, else without what inherits from it. */
export const reach = (table: { schema: string; name: string; partitioned: boolean }) =>
  `${table.partitioned ? '' : 'only '}${tableName(table)}`;

/** A column of the table under its alias. */
export const live = (column: Pick<ColumnShape, 'name'>) => `t.${quoteName(column.name)}`;

/** Values whose type or collation is not PostgreSQL's own are kept as plain text, so that it can be dropped or changed meanwhile. */
export const storedValue = (column: Pick<ColumnShape, 'builtIn'>, sql: string, inParts = false) =>
  inParts ? `to_json(${sql})::text collate "default"` : column.builtIn ? sql : `${sql}::text collate "default"`;

export const returnedValue = (kept: KeptColumn, column: Pick<ColumnShape, 'type'>, sql: string) =>
  kept.inParts
    ? `(select r.x from json_to_record(json_build_object('x', (${sql})::json)) as r(x ${column.type}))`
    : `(${sql})::${column.type}`;

/** Equal to the last character, where `=` would call 1.0 and 1.00 the same. */
export const sameValue = (a: string, b: string) => `(${a})::text is not distinct from (${b})::text`;

export function keptColumn(column: ColumnShape, doomed: boolean, compared: boolean, inParts = false): KeptColumn {
  const { number, name, type, builtIn, generated } = column;
  return { number, name, type, builtIn, ...(inParts ? { inParts: true } : {}), generated, doomed, compared };
}

/** It holds values of columns that went, and nothing else: putting them back changes no other value. */
export const onlyFills = ({ fate, columns }: KeptItem): boolean =>
  fate === 'stays' && columns.every(({ compared, doomed }) => doomed && !compared);

/** The table that a kept one is now: the same, or the one in its place under its name. */
export const findTable = (shapes: Map<string, TableShape>, { table }: KeptItem): TableShape | undefined =>
  shapes.get(table.key) ?? [...shapes.values()].find(({ schema, name }) => schema === table.schema && name === table.name);

/** The column of a table that a kept column is now: in the same table the same number, or else the same name. */
export function present(table: TableShape, item: KeptItem, column: KeptColumn): ColumnShape | undefined {
  if (table.key !== item.table.key) return table.columns.find(({ name }) => name === column.name);
  return (
    table.columns.find(({ number, name }) => number === column.number && name === column.name) ??
    table.columns.find(({ number }) => number === column.number) ??
    table.columns.find(({ name }) => name === column.name)
  );
}

/** The columns of the table that tell its rows apart as the kept key does; undefined where it has none such. */
export function presentKey(table: TableShape, item: KeptItem): ColumnShape[] | undefined {
  if (item.rowKey.length === 0) return undefined;
  const columns = item.rowKey.map((kept) => present(table, item, kept));
  return item.rowKey.every((kept, at) => columns[at] && alike(kept.type, columns[at].type)) ? (columns as ColumnShape[]) : undefined;
}

/** Types whose values read the same as text, so that a key can be followed from one to the other; and the one that holds them all. */
const families: [members: RegExp, widest: string][] = [
  [/^(smallint|integer|bigint)$/, 'bigint'],
  [/^(text|character varying(\(\d+\))?|uuid|(extensions|public)\.citext)$/, 'text'],
];

const alike = (a: string, b: string) => a === b || families.some(([members]) => members.test(a) && members.test(b));

/** A type that holds a key as it is kept and as it is now. */
export const commonType = (kept: KeptColumn, now: ColumnShape): Pick<KeptColumn, 'type' | 'builtIn'> =>
  kept.type === now.type
    ? { type: kept.type, builtIn: kept.builtIn }
    : { type: families.find(([members]) => members.test(kept.type))![1], builtIn: true };

/** `k` (a copy) and `t` (the table) are of one row. */
export const sameRow = (rowKey: KeptColumn[], keys: ColumnShape[]): string =>
  rowKey
    .map((kept, at) => {
      const [copied, now] = [`k.${keyName(kept)}`, storedValue(keys[at]!, live(keys[at]!))];
      return kept.type === keys[at]!.type ? `${copied} = ${now}` : `${copied}::text = (${now})::text`;
    })
    .join(' and ');
