import type { Draw } from '../random.ts';
import {
  at,
  type Column,
  columnSql,
  createEnum,
  drawColumn,
  drawTable,
  insertSql,
  literal,
  newName,
  q,
  rowCount,
  type Schema,
  type Table,
  withoutReferences,
} from './schema.ts';

/** Draws one statement and notes in `schema` what it does; undefined where nothing fits it. */
export type Change = (draw: Draw, schema: Schema) => string | undefined;

const withTable =
  (change: (draw: Draw, table: Table, schema: Schema) => string | undefined): Change =>
  (draw, schema) =>
    schema.tables.length > 0 ? change(draw, draw.one(schema.tables), schema) : undefined;
const withColumn = (change: (draw: Draw, column: Column, table: Table, schema: Schema) => string | undefined): Change =>
  withTable((draw, table, schema) => (table.columns.length > 0 ? change(draw, draw.one(table.columns), table, schema) : undefined));
/** Takes one out of a list, and gives it. */
const take = <T>(draw: Draw, list: T[]): T | undefined => list.splice(draw.below(list.length), 1)[0];

/** What can be put on a database from the beginning, and by a migration. */
export const additions: readonly Change[] = [
  withColumn((draw, column, table, schema) => {
    const name = newName(draw, schema, 'ck');
    table.checks.push(name);
    return `alter table ${at(table)} add constraint ${q(name)} check (${q(column.name)} is null or length(${q(column.name)}::text) < ${500 + draw.below(500)});`;
  }),
  withColumn((draw, column, table, schema) => {
    const name = newName(draw, schema, 'u');
    table.uniques.push(name);
    return `alter table ${at(table)} add constraint ${q(name)} unique (${q(column.name)}, id);`;
  }),
  withColumn((draw, column, table, schema) => {
    const name = newName(draw, schema, 'i');
    table.indexes.push(name);
    const part = draw.one(
      [q(column.name), `(${q(column.name)}::text collate "C")`, `${q(column.name)}, note`, `id desc, ${q(column.name)}`].filter(
        (one) => !one.includes('::') || column.type === 'text',
      ),
    );
    return `create index ${q(name)} on ${at(table)} (${part})${draw.chance(0.3) ? ' where id > 2' : ''};`;
  }),
  withTable((draw, table, schema) => {
    const name = newName(draw, schema, 'v');
    schema.views.push({ name, table: table.number });
    const columns = ['id', ...table.columns.slice(0, 1 + draw.below(3)).map(({ name: column }) => q(column))];
    return `create view public.${q(name)}${draw.chance(0.3) ? ' with (security_invoker = true)' : ''} as select ${columns.join(', ')} from ${at(table)} where id > ${draw.below(3)};`;
  }),
  withTable((draw, table, schema) => {
    const name = newName(draw, schema, 'f');
    schema.functions.push(name);
    return `create function public.${q(name)}(a integer default 1) returns bigint language ${draw.one([`sql ${draw.one(['stable', 'volatile'])} as $$ select count(*) from ${at(table)} where id > a $$`, `plpgsql security definer set search_path = '' as $$ begin return (select count(*) from ${at(table)} where id > a); end $$`])};`;
  }),
  withTable((draw, table, schema) => {
    const [name, run] = [newName(draw, schema, 'g'), newName(draw, schema, 'gf')];
    table.triggers.push(name);
    return `create function public.${q(run)}() returns trigger language plpgsql as $$ begin return new; end $$; create trigger ${q(name)} before ${draw.one(['insert', 'update', 'insert or update', 'update of note'])} on ${at(table)} for each row execute function public.${q(run)}();`;
  }),
  withTable((draw, table, schema) => {
    const name = newName(draw, schema, 'p');
    table.policies.push(name);
    return `create policy ${q(name)} on ${at(table)} ${draw.one(['for select using (id > 1)', 'for all to authenticated using (true) with check (note is not null)', 'as restrictive for update to anon using (id < 100)'])};`;
  }),
  withTable(
    (draw, table) => `alter table ${at(table)} ${draw.one(['enable', 'enable', 'disable', 'force', 'no force'])} row level security;`,
  ),
  withTable((draw, table) => `comment on table ${at(table)} is ${draw.one(["'what it is'", "'it''s\nmore; lines'", 'null'])};`),
  withColumn((draw, column, table) => `comment on column ${at(table)}.${q(column.name)} is ${draw.one(["'a column'", "'--'", 'null'])};`),
  withTable(
    (draw, table) =>
      `${draw.one(['grant select', 'grant insert, update', 'grant all'])} on ${at(table)} to ${draw.one(['anon', 'authenticated', 'service_role'])};`,
  ),
  withColumn(
    (draw, column, table) =>
      `grant ${draw.one(['select', 'update'])} (${q(column.name)}) on ${at(table)} to ${draw.one(['anon', 'authenticated'])};`,
  ),
  withTable(
    (draw, table) =>
      `revoke ${draw.one(['all', 'select', 'delete'])} on ${at(table)} from ${draw.one(['anon', 'authenticated', 'service_role'])};`,
  ),
  (draw, schema) => {
    const name = newName(draw, schema, 's');
    schema.sequences.push(name);
    return `create sequence public.${q(name)} ${draw.one(['', 'start 10 increment 5', 'as smallint cycle', 'owned by none'])};`;
  },
];

const retypes: Record<string, string[]> = {
  integer: ['bigint', 'text', 'numeric(12,3)'],
  smallint: ['integer', 'bigint'],
  bigint: ['text', 'double precision'],
  'character varying(60)': ['text'],
  text: ['character varying(60)'],
  date: ['timestamp with time zone', 'text'],
  'double precision': ['text'],
  'numeric(12,3)': ['integer', 'text'],
  boolean: ['text'],
  uuid: ['text'],
  jsonb: ['text'],
};

/** What only a migration does. */
const structural: readonly Change[] = [
  withTable((draw, table, schema) => {
    const column = drawColumn(draw, schema, schema.tables);
    if (column.notNull) column.hasDefault = true;
    table.columns.push(column);
    if (column.references !== undefined) table.refersTo.push(column.references);
    return `alter table ${at(table)} add column ${columnSql(column, schema, draw)};`;
  }),
  withTable((draw, table) => {
    const column = take(draw, table.columns);
    return column && `alter table ${at(table)} drop column ${q(column.name)} cascade;`;
  }),
  withColumn((draw, column, table, schema) => {
    const from = column.name;
    column.name = newName(draw, schema, 'rc');
    return `alter table ${at(table)} rename column ${q(from)} to ${q(column.name)};`;
  }),
  withTable((draw, table, schema) => {
    const from = at(table);
    table.name = newName(draw, schema, 'rt');
    return `alter table ${from} rename to ${q(table.name)};`;
  }),
  withColumn((draw, column, table) => {
    const to = column.references === undefined && !column.hasDefault ? retypes[column.type] : undefined;
    if (!to) return undefined;
    column.type = draw.one(to);
    return `alter table ${at(table)} alter column ${q(column.name)} type ${column.type} using ${q(column.name)}::${column.type};`;
  }),
  withColumn((draw, column, table, schema) => {
    column.hasDefault = !column.hasDefault;
    return `alter table ${at(table)} alter column ${q(column.name)} ${column.hasDefault ? `set default ${literal(column, draw.below(50), schema.enums)}` : 'drop default'};`;
  }),
  withColumn((_draw, column, table, schema) => {
    column.notNull = !column.notNull;
    const change = `alter table ${at(table)} alter column ${q(column.name)} ${column.notNull ? 'set' : 'drop'} not null;`;
    return column.notNull
      ? `update ${at(table)} set ${q(column.name)} = ${literal(column, 9, schema.enums)} where ${q(column.name)} is null; ${change}`
      : change;
  }),
  (draw, schema) => drawTable(draw, schema, draw.below(3)).join(' '),
  (draw, schema) => {
    const table = schema.tables.length > 1 ? take(draw, schema.tables) : undefined;
    for (const other of schema.tables)
      for (const column of other.columns) if (column.references === table?.number) delete column.references;
    return table && `drop table ${at(table)} cascade;`;
  },
  (draw, schema) => createEnum(draw, schema),
  (draw, schema) => {
    if (schema.enums.length === 0) return undefined;
    const type = draw.one(schema.enums);
    if (draw.chance(0.5)) {
      const index = draw.below(type.labels.length);
      const from = type.labels[index]!;
      type.labels[index] = `label ${++schema.used}`;
      return `alter type public.${q(type.name)} rename value '${from.replaceAll("'", "''")}' to '${type.labels[index]}';`;
    }
    return `alter type public.${q(type.name)} add value 'more ${++schema.used}'${draw.chance(0.4) ? ` before '${type.labels[0]!.replaceAll("'", "''")}'` : ''};`;
  },
  (draw, schema) => dropOf(draw, schema.views, ({ name }) => `drop view public.${q(name)} cascade;`),
  (draw, schema) => dropOf(draw, schema.functions, (name) => `drop function public.${q(name)}(integer) cascade;`),
  (draw, schema) => dropOf(draw, schema.sequences, (name) => `drop sequence public.${q(name)} cascade;`),
  withTable((draw, table) => dropOf(draw, table.checks, (name) => `alter table ${at(table)} drop constraint ${q(name)};`)),
  withTable((draw, table) => dropOf(draw, table.uniques, (name) => `alter table ${at(table)} drop constraint ${q(name)};`)),
  withTable((draw, table) => dropOf(draw, table.indexes, (name) => `drop index public.${q(name)};`)),
  withTable((draw, table) =>
    dropOf(draw, table.triggers, (name) =>
      draw.one([`drop trigger ${q(name)} on ${at(table)};`, `alter table ${at(table)} disable trigger ${q(name)};`]),
    ),
  ),
  withTable((draw, table) =>
    dropOf(draw, table.policies, (name) =>
      draw.one([
        `drop policy ${q(name)} on ${at(table)};`,
        `alter policy ${q(name)} on ${at(table)} rename to ${q(`${name.slice(0, 40)} renamed`)};`,
      ]),
    ),
  ),
];

function dropOf<T>(draw: Draw, list: T[], sql: (one: T) => string): string | undefined {
  const one = take(draw, list);
  return one === undefined ? undefined : sql(one);
}

/** Ids that migrations delete are from 4 on; those they insert from 100 on. */
const ofRows: readonly Change[] = [
  withColumn(
    (draw, column, table, schema) =>
      `update ${at(table)} set ${q(column.name)} = ${column.notNull || draw.chance(0.7) ? literal(column, draw.below(40), schema.enums) : 'null'}${draw.one(['', ' where id % 2 = 0', ' where id <= 3'])};`,
  ),
  withTable((draw, table) => `delete from ${at(table)} where ${draw.one(['id between 4 and 5', 'id = 6', `id > ${rowCount - 1}`])};`),
  withTable((draw, table, schema) =>
    insertSql(
      table,
      100 + ++schema.used,
      'of the migration',
      withoutReferences(table).filter((column) => column.notNull || draw.chance(0.5)),
      schema,
    ),
  ),
];

export const changes: readonly (readonly Change[])[] = [additions, structural, structural, structural, ofRows, ofRows];

/** One to seven statements; `schema` is afterwards what they lead to. */
export function drawMigration(draw: Draw, schema: Schema): string[] {
  const sql: string[] = [];
  for (let left = 1 + draw.below(7); left > 0; left--) sql.push(draw.one(draw.one(changes))(draw, schema) ?? '');
  return sql.filter(Boolean);
}
