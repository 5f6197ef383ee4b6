import type { Effects } from './effects.ts';
import {
  commonType,
  copyColumns,
  keptColumn,
  keyName,
  live,
  present,
  presentKey,
  reach,
  storedValue,
  tableName,
  type KeptColumn,
  type KeptItem,
} from './item.ts';
import { keysMayChange } from './keys.ts';
import type { ColumnShape, TableShape } from './shape.ts';

/** A copy begun before a run, to be finished after it. */
export interface OpenItem extends KeptItem {
  /** The copy holds all columns of the table. */
  whole: boolean;
  /** Compare with the table after the run, and keep only what differs. */
  compare: boolean;
  /** The run gives rows other keys, and leaves their other values alone. */
  newKeys: boolean;
}

export type PlannedCopy = Omit<OpenItem, 'relation' | 'sequences'>;

/** The copies to take before a run: of rows of tables that go, of values of columns that go, and of whole tables that it writes. */
export function planCopies(shapes: Map<string, TableShape>, effects: Effects): { table: TableShape; item: PlannedCopy }[] {
  const written = new Set(effects.written);
  return tablesToRead(shapes, effects, partedRoots(shapes, effects)).flatMap(({ table, dropped }) => {
    const name = tableName(table);
    const doomed = new Map((effects.doomed[name] ?? []).map(({ column, dropped: goes }) => [column, goes]));
    const root = table.root && shapes.get(table.root);
    const whole = dropped || written.has(name) || Boolean(root && written.has(tableName(root)));
    return whole || doomed.size > 0
      ? [{ table, item: planCopy(table, { dropped, whole, doomed, newKeys: effects.rekeyed.includes(name) }) }]
      : [];
  });
}

/** PostgreSQL has 1,600 for a table, and a mark and more stand beside values before and after. */
const mostColumns = 1500;

function planCopy(
  table: TableShape,
  { dropped, whole, doomed, newKeys }: { dropped: boolean; whole: boolean; doomed: Map<string, boolean>; newKeys: boolean },
): PlannedCopy {
  const rowKey = keyOf(table, dropped ? new Map() : doomed);
  const found = table.columns.filter((column) => (whole || doomed.has(column.name)) && !column.generated);
  const packed = rowKey.length + 2 * found.length > mostColumns;
  const columns = found
    .map((column) =>
      keptColumn(
        column,
        doomed.has(column.name),
        !dropped && doomed.get(column.name) !== true,
        !dropped && doomed.get(column.name) === false && column.parts.length > 0,
      ),
    )
    .map((column): KeptColumn => (packed ? { ...column, packed, builtIn: false } : column));
  const others = table.columns.filter(({ name, generated }) => !doomed.has(name) && !generated);
  return {
    table: { key: table.key, schema: table.schema, name: table.name, partitioned: table.partitioned },
    rowKey,
    columns,
    ...(rowKey.length === 0 && !dropped && !whole && others.length > 0
      ? { alike: others.map((column) => ({ ...keptColumn(column, false, false), type: 'text' })) }
      : {}),
    fate: dropped ? 'dropped' : 'stays',
    compare: !dropped && (whole || columns.some(({ compared }) => compared)),
    whole,
    newKeys,
  };
}

/** The rows of a copy, before the run. */
export function copyQuery(item: Pick<KeptItem, 'rowKey' | 'columns' | 'alike' | 'fate'>, table: TableShape): string {
  const value = (column: KeptColumn) => {
    const shape = table.columns.find(({ number }) => number === column.number)!;
    return storedValue(shape, live(shape), column.inParts);
  };
  const keys = item.rowKey.map((column) => `${value(column)} as ${keyName(column)}`);
  const alike = (item.alike ?? []).map((column) => `(${value(column)})::text as ${keyName(column)}`);
  // Of rows that users deleted, which have no other name.
  const digest = isTold(item) ? [] : ['null::text as digest'];
  return `select ${[`'${item.fate === 'dropped' ? 'd' : 'c'}'::text as mark`, ...keys, ...digest, ...alike, ...copyColumns('c', item.columns, value)].join(', ')} from ${reach(table)} t`;
}

/** Whether its rows go by a key, or need none. */
export const isTold = ({ fate, rowKey }: Pick<KeptItem, 'fate' | 'rowKey'>): boolean => fate !== 'dropped' || rowKey.length > 0;

/** Partitioned tables that have to be read partition by partition: the run moves some, or leaves some of a dropped table. */
export function partedRoots(shapes: Map<string, TableShape>, { dropped, regrouped }: Effects): Set<string> {
  const goes = new Set(dropped);
  return new Set(
    [...shapes.values()].flatMap((table) => {
      const root = table.root && shapes.get(table.root);
      return root && (regrouped.includes(tableName(root)) || (goes.has(tableName(root)) && !goes.has(tableName(table)))) ? [root.key] : [];
    }),
  );
}

/** Others are read through their root, but for a single partition that goes while nothing else of its root is written. */
function tablesToRead(
  shapes: Map<string, TableShape>,
  { dropped, written }: Effects,
  parted: Set<string>,
): { table: TableShape; dropped: boolean }[] {
  const goes = new Set(dropped);
  return [...shapes.values()].flatMap((table) => {
    const root = table.root && shapes.get(table.root);
    const isDropped = goes.has(tableName(table));
    if (!root) return table.partitioned && parted.has(table.key) ? [] : [{ table, dropped: isDropped }];
    if (table.partitioned) return [];
    return parted.has(root.key) || (isDropped && !goes.has(tableName(root)) && !written.includes(tableName(root)))
      ? [{ table, dropped: isDropped }]
      : [];
  });
}

/** The first key whose columns all stay as they are, or else one whose columns stay with another type. */
export function keyOf(table: TableShape, doomed: Map<string, boolean>): KeptColumn[] {
  const keys = table.rowKeys.map((numbers) => numbers.map((number) => table.columns.find((column) => column.number === number)!));
  const key =
    keys.find((columns) => columns.every(({ name }) => !doomed.has(name))) ??
    keys.find((columns) => columns.every(({ name }) => doomed.get(name) !== true));
  return (key ?? []).map((column) => keptColumn(column, false, false));
}

/** A table that another one replaced under its name is followed into that one, column by column by name. */
export const asReplaced = (item: KeptItem, table: TableShape): KeptItem => ({
  ...item,
  fate: 'stays',
  columns: item.columns.map((column) => {
    const now = present(table, item, column);
    return { ...column, doomed: now?.type !== column.type, compared: now !== undefined };
  }),
});

/** The column that a kept one is after the run. */
export const follow = (item: KeptItem, table: TableShape, column: KeptColumn): ColumnShape | undefined =>
  table.key === item.table.key ? table.columns.find(({ number }) => number === column.number) : present(table, item, column);

/** What a copy can be compared by once the run has made `table` of it; without a key that leads there, its rows are told apart by their values. */
export function followed(item: KeptItem, table: TableShape): KeptItem {
  const columns = item.columns.map((column) => {
    const now = follow(item, table, column);
    return { ...column, compared: column.compared && now !== undefined && !now.generated };
  });
  const keys = item.rowKey.every((column) => follow(item, table, column)) ? presentKey(table, item) : undefined;
  if (keys) {
    const found = { ...item, columns, rowKey: item.rowKey.map((kept, at) => ({ ...kept, ...commonType(kept, keys[at]!) })) };
    return { ...found, rekeyed: keysMayChange(found) };
  }
  const keyless = { ...item, columns, rowKey: [] };
  return toldByValues(keyless) ? { ...keyless, columns: columns.map((column) => ({ ...column, builtIn: false })) } : keyless;
}

/** Whether rows without a key can be told apart by what they hold. */
export const toldByValues = ({ columns }: KeptItem): boolean =>
  columns.every(({ doomed }) => !doomed) && columns.some(({ compared }) => compared);
