import type { SeedCatalog, SeedColumn, SeedForeignKey, SeedTable } from './seed-catalog.ts';
import { choicesOf, nothing, type ChoiceContext } from './seed-choices.ts';
import { readHints, type Hint, type Order } from './seed-hints.ts';
import { canBeNull, type SeedOrder } from './seed-order.ts';
import type { Choice } from './seed-values.ts';

/** A row by column: text that the column's type reads, null for NULL, undefined for DEFAULT. */
export type Values = Map<string, string | null | undefined>;

/** A row that is there, and where. */
export interface SeededRow {
  values: Values;
  /** Number of the table that holds it: a partition's, for a partitioned table. */
  holder?: number;
  ctid?: string;
}

/** What seeding knows so far. */
export interface Seeding extends ChoiceContext {
  catalog: SeedCatalog;
  order: SeedOrder;
  perTable: number;
  /** Rows that are there, by table number. */
  rows: Map<number, SeededRow[]>;
  /** Columns of each table that foreign keys refer to or from. */
  linked: Map<number, string[]>;
}

/** How a table's rows are filled, and which way is to be taken for each column. */
export interface TablePlan {
  table: SeedTable;
  choices: Map<string, Choice[]>;
  /** 0 is the first choice with a NULL now and then; n is the n-th choice alone. */
  turns: Map<string, number>;
  /** Moves all values on, so that they differ from those before. */
  shift: number;
}

export class NoValue extends Error {}

export function planTable(seeding: Seeding, table: SeedTable): TablePlan {
  const names = table.columns.map(({ name }) => name);
  const said = table.checks.map((text) => readHints(text, names));
  const lifts = liftsOf(said.flatMap(({ orders }) => orders));
  const hints = said.flatMap((each) => each.hints);
  const places = table.partitions.filter((condition) => !/\bNOT \(/.test(condition)).map((condition) => readHints(condition, names).hints);
  const choices = table.columns.map((column): [string, Choice[]] => {
    const own = choicesOf(seeding, column, hintsFor(hints, column), lifts.get(column.name) ?? 0);
    return [column.name, [...placed(seeding, column, places), ...own]];
  });
  return { table, choices: new Map(choices), turns: new Map(), shift: 0 };
}

const hintsFor = (hints: Hint[], { name }: SeedColumn) => hints.filter(({ column }) => column === name);

/** Rows go to one partition after the other. */
function placed(seeding: Seeding, column: SeedColumn, places: Hint[][]): Choice[] {
  const each = places.map((hints) => choicesOf(seeding, column, hintsFor(hints, column), 0)[0]).filter((choice) => choice !== undefined);
  const hinted = places.some((hints) => hintsFor(hints, column).length > 0);
  return hinted && each.length === places.length ? [(k) => each[k % each.length]!(Math.floor(k / each.length))] : [];
}

/** How many columns stand below each one. */
function liftsOf(orders: Order[]): Map<string, number> {
  const lifts = new Map<string, number>();
  for (let round = 0; round < 5; round += 1)
    for (const { low, high } of orders) lifts.set(high, Math.max(lifts.get(high) ?? 0, (lifts.get(low) ?? 0) + 1));
  return lifts;
}

/** The values of row `place`. Throws NoValue where a column that needs a value has none. */
export function planRow(seeding: Seeding, plan: TablePlan, place: number): Values {
  const { table } = plan;
  const values: Values = new Map();
  const k = place + plan.shift * seeding.perTable;
  const rest = (number: number) => (place + number) % seeding.perTable === seeding.perTable - 1 && seeding.perTable > 1;
  const own = table.foreignKeys.filter(({ parent }) => parent === table.number);
  const others = table.foreignKeys.filter((key) => key.parent !== table.number && !seeding.order.later.has(key));
  for (const [number, key] of others.entries()) refer(seeding, plan, key, values, k, rest(number));
  const selves = new Set(own.flatMap(({ columns, parentColumns }) => columns.filter((name) => !parentColumns.includes(name))));
  const later = new Set(table.foreignKeys.filter((key) => seeding.order.later.has(key)).flatMap(({ columns }) => columns));
  for (const column of table.columns) {
    if (values.has(column.name) || selves.has(column.name)) continue;
    if (later.has(column.name) && column.nullable) values.set(column.name, null);
    else values.set(column.name, chosen(plan, column, k, rest(column.place)));
  }
  for (const key of own) refer(seeding, plan, key, values, k, place === 0);
  return values;
}

function chosen({ choices, turns }: TablePlan, column: SeedColumn, k: number, rest: boolean): string | null | undefined {
  const list = choices.get(column.name)!;
  const turn = turns.get(column.name) ?? 0;
  if (list.length === 0) throw new NoValue(`no value of type ${column.typeName} is known for column "${column.name}"`);
  if (turn === 0 && rest && column.nullable) return null;
  return list[Math.max(0, turn - 1) % list.length]!(k);
}

/** Takes the values of a row that is there, one that agrees with what the row has already. */
function refer(seeding: Seeding, { table, turns }: TablePlan, key: SeedForeignKey, values: Values, k: number, rest: boolean): void {
  const free = key.columns.filter((name) => !values.has(name));
  const turn = Math.max(...key.columns.map((name) => turns.get(name) ?? 0));
  const optional = canBeNull(table, key) && (!key.full || free.length === key.columns.length);
  const leave = () => {
    for (const name of free) {
      if (table.columns.find((column) => column.name === name)?.nullable) values.set(name, null);
    }
  };
  if ((optional && (turn === 0 ? rest : turn % 4 === 3)) || key.columns.some((name) => values.get(name) === null)) {
    leave();
    return;
  }
  const fitting = parentsFor(seeding, table, key, values);
  if (fitting.length === 0 && optional) {
    leave();
    return;
  }
  if (fitting.length === 0)
    throw new NoValue(
      `${key.columns.map((name) => `"${name}"`).join(', ')} must refer to a row of ${nameOfTable(seeding, key.parent)}, and none is there that fits`,
    );
  const parent = fitting[(k + turn) % fitting.length]!;
  for (const [at, name] of key.columns.entries()) values.set(name, parent.get(key.parentColumns[at]!)!);
}

/** Rows that `key` may refer to, given the values that are set. */
export function parentsFor(seeding: Seeding, table: SeedTable, key: SeedForeignKey, values: Values): Values[] {
  const there = (seeding.rows.get(key.parent) ?? [])
    .filter(({ holder }) => !key.partition || holder === key.partition)
    .map((row) => row.values);
  const agrees = (row: Values) =>
    key.columns.every(
      (name, at) =>
        typeof row.get(key.parentColumns[at]!) === 'string' &&
        (values.get(name) === undefined || values.get(name) === row.get(key.parentColumns[at]!)),
    );
  const fitting = there.filter(agrees);
  return fitting.length === 0 && key.parent === table.number && agrees(values) ? [values] : fitting;
}

const nameOfTable = ({ catalog }: Seeding, number: number) => {
  const table = catalog.tables.find((each) => each.number === number);
  return table ? `${table.schema}.${table.name}` : 'another table';
};

/** Takes another way for the columns that the server did not like; `failures` counts how often it said so of them. */
export function turnOver(plan: TablePlan, columns: string[], failures: number): void {
  for (const [at, name] of columns.entries()) {
    const list = plan.choices.get(name) ?? [];
    const empty = list.indexOf(nothing) + 1;
    if (columns.length === 1 || failures === 1) plan.turns.set(name, failures);
    else if (failures === 2 && empty > 0) plan.turns.set(name, empty);
    else if (empty > 0 && mixed(failures, at) % 3 === 0) plan.turns.set(name, empty);
    else plan.turns.set(name, 1 + (mixed(at, failures) % Math.max(1, Math.min(list.length, 12))));
  }
}

/** The same number for the same numbers, and others for others. */
const mixed = (a: number, b: number): number => {
  const product = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 7, 0x85ebca6b);
  return (product ^ (product >>> 13)) >>> 0;
};
