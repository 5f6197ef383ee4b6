import type { Draw } from '../random.ts';

/** What is in a drawn database, as far as drawing a migration and judging rows needs it. Names are plain; `q` quotes them. */
export interface Schema {
  tables: Table[];
  enums: Enum[];
  views: { name: string; table: number }[];
  functions: string[];
  sequences: string[];
  /** For names that are in use nowhere. */
  used: number;
}

/** Every table has `id integer primary key` and `note text`, which no migration touches; `columns` are the others. */
export interface Table {
  /** Stays the same through renames. */
  number: number;
  name: string;
  columns: Column[];
  /** Names of constraints, indexes, triggers and policies. */
  checks: string[];
  uniques: string[];
  indexes: string[];
  triggers: string[];
  policies: string[];
  /** Numbers of tables that its foreign keys are to. */
  refersTo: number[];
}

export interface Column {
  number: number;
  name: string;
  type: string;
  notNull: boolean;
  hasDefault: boolean;
  references?: number;
  unique?: boolean;
}

export interface Enum {
  name: string;
  labels: string[];
}

export const q = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const at = (table: { name: string }) => `public.${q(table.name)}`;
const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** Literals by type: one for each number, all different where the type has room for that. */
const literals: Record<string, (n: number) => string> = {
  integer: (n) => String(n * 7 - 3),
  bigint: (n) => String(n * 4_000_000_007),
  smallint: (n) => String(n % 30_000),
  'numeric(12,3)': (n) => `${n}.125`,
  'double precision': (n) => `${n}.1e-3`,
  text: (n) => text(`text ${n} 'quoted' ünï`),
  'character varying(60)': (n) => text(`varchar ${n}`),
  boolean: (n) => (n % 2 === 0 ? 'true' : 'false'),
  date: (n) => text(`2026-01-${String((n % 28) + 1).padStart(2, '0')}`),
  'timestamp with time zone': (n) => text(`2026-02-03 04:05:${String(n % 60).padStart(2, '0')}.123456+00`),
  interval: (n) => text(`${n} days 02:03`),
  uuid: (n) => text(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
  jsonb: (n) => text(`{"n": ${n}, "list": [1, null, "x"]}`),
  'text[]': (n) => text(`{a${n},NULL,"b c"}`),
  bytea: (n) => text(`\\x00ff${String(n).padStart(4, '0')}`),
  inet: (n) => text(`10.0.${n % 250}.1`),
  int4range: (n) => text(`[${n},${n + 10})`),
};
export const types = Object.keys(literals);

export const literal = (column: Pick<Column, 'type' | 'references'>, n: number, enums: Enum[]): string => {
  if (column.references !== undefined) return '1';
  const labels = enums.find(({ name }) => column.type === `public.${q(name)}`)?.labels;
  return labels ? text(labels[n % labels.length]!) : literals[column.type]!(n);
};

/** How many rows each table begins with; their ids are 1 to that. */
export const rowCount = 7;

const strange = ['Big Name', 'select', 'naïve', 'semi;colon', 'a"quote', 'x'.repeat(50)];
export function newName(draw: Draw, schema: Schema, kind: string): string {
  const number = ++schema.used;
  return draw.chance(0.12) ? `${draw.one(strange)} ${number}` : `${kind}_${number}`;
}

export function drawColumn(draw: Draw, schema: Schema, earlier: Table[]): Column {
  const kind = draw.share();
  const number = schema.used + 1;
  const name = newName(draw, schema, 'c');
  const notNull = draw.chance(0.35);
  const hasDefault = draw.chance(0.35);
  if (kind < 0.15 && earlier.length > 0)
    return { number, name, type: 'integer', notNull: false, hasDefault: false, references: draw.one(earlier).number };
  const type = kind < 0.3 && schema.enums.length > 0 ? `public.${q(draw.one(schema.enums).name)}` : draw.one(types);
  return { number, name, type, notNull, hasDefault };
}

export const columnSql = (column: Column, schema: Schema, draw: Draw): string => {
  const target = schema.tables.find(({ number }) => number === column.references);
  return [
    q(column.name),
    column.type,
    column.hasDefault ? `default ${literal(column, draw.below(50), schema.enums)}` : '',
    column.notNull ? 'not null' : '',
    target ? `references ${at(target)} ${draw.one(['', 'on delete cascade', 'on delete set null', 'deferrable initially deferred'])}` : '',
  ]
    .filter(Boolean)
    .join(' ');
};

export const insertSql = (table: Table, id: number, note: string, columns: Column[], schema: Schema): string =>
  `insert into ${at(table)} (id, note${columns.map(({ name }) => `, ${q(name)}`).join('')}) values (${id}, ${text(note)}${columns.map((column) => `, ${literal(column, id, schema.enums)}`).join('')});`;

/** What a migration can insert: its rehearsal has no rows to refer to, and would be refused. */
export const withoutReferences = ({ columns }: Table): Column[] => columns.filter(({ references }) => references === undefined);

/** A table with its rows. Where `rows` is 0 it has none. */
export function drawTable(draw: Draw, schema: Schema, rows: number): string[] {
  const number = schema.used + 1;
  const table: Table = {
    number,
    name: newName(draw, schema, 't'),
    columns: [],
    checks: [],
    uniques: [],
    indexes: [],
    triggers: [],
    policies: [],
    refersTo: [],
  };
  for (let left = 1 + draw.below(5); left > 0; left--) table.columns.push(drawColumn(draw, schema, schema.tables));
  const id = draw.chance(0.3) ? 'id integer generated by default as identity primary key' : 'id integer primary key';
  const sql = [
    `create table ${at(table)} (${[id, 'note text', ...table.columns.map((column) => columnSql(column, schema, draw))].join(', ')});`,
  ];
  table.refersTo = table.columns.flatMap(({ references }) => references ?? []);
  schema.tables.push(table);
  const columns = rows === rowCount ? table.columns : withoutReferences(table);
  for (let row = 1; row <= rows; row++)
    sql.push(
      insertSql(
        table,
        row,
        `note ${row}`,
        columns.filter((column) => column.notNull || (row + column.number) % 4 !== 0),
        schema,
      ),
    );
  return sql;
}

/** SQL of a whole database, and what is in it. `decorate` puts on what tables carry. */
export function drawSchema(draw: Draw, decorate: (draw: Draw, schema: Schema) => string | undefined): { schema: Schema; sql: string[] } {
  const schema: Schema = { tables: [], enums: [], views: [], functions: [], sequences: [], used: 0 };
  const sql: string[] = [];
  for (let left = draw.below(3); left > 0; left--) sql.push(createEnum(draw, schema));
  for (let left = 2 + draw.below(3); left > 0; left--) sql.push(...drawTable(draw, schema, rowCount));
  for (let left = 4 + draw.below(12); left > 0; left--) sql.push(decorate(draw, schema) ?? '');
  return { schema, sql: sql.filter(Boolean) };
}

export function createEnum(draw: Draw, schema: Schema): string {
  const made = { name: newName(draw, schema, 'e'), labels: ['sad', 'ok', "it's fine"].slice(0, 1 + draw.below(3)) };
  schema.enums.push(made);
  return `create type public.${q(made.name)} as enum (${made.labels.map(text).join(', ')});`;
}
