import { quoteText } from '../sql-names.ts';
import { rightsStatement } from '../target/embedded/platform/rights.ts';
import { asReplaced, copyQuery, followed, keyOf, planCopies, type PlannedCopy } from './copies-plan.ts';
import type { Effects } from './effects.ts';
import { goneStatement } from './gone.ts';
import { exactText, ownText } from './exact-text.ts';
import {
  copyColumns,
  findTable,
  keyName,
  live,
  present,
  presentKey,
  reach,
  sameRow,
  storedValue,
  tableName,
  type KeptColumn,
  type KeptItem,
} from './item.ts';
import { begin, checkReferences, end, guard, loud, quiet, refreshFilled } from './by-hand-blocks.ts';
import { filledViews } from './materialized-views.ts';
import { entryOf, openCopy } from './open-copy.ts';
import { lockStatement, returnedTo } from './locks.ts';
import type { TableShape } from './shape.ts';
import { returningOf, stayWithParents, type Returning } from './changed-keys.ts';
import { carryStatements, conversionStatements, markStatement, raiseSequence, returnStatements } from './statements.ts';

type Shapes = Map<string, TableShape>;

/** What there is to know of a migration's rows, once it and its rollback were rehearsed. */
export interface Rehearsed {
  version: string;
  /** The tables before the migration and after it. */
  before: Shapes;
  after: Shapes;
  /** What the migration does, and what its rollback does. */
  migration: Effects;
  rollback: Effects;
  /** Whether the login has the platform's rights, which the file then has to ask for. */
  platformRights: boolean;
}

/** The parts of a rollback file that do what `supasnap rollback` does with rows, for whoever runs the file with psql. */
export interface RowParts {
  /** Before the schema changes: what goes is copied, and what users changed since is noted. */
  first: string;
  /** Once there is room for them: rows return. */
  back: string;
  /** At the end: the run and its copies are recorded. */
  record: string;
}

/** The rows' part of a rollback file. The copies of the migration are found where it runs, for every database has its own. */
export function rowsByHand({ version, before: then, after: now, migration, rollback, platformRights }: Rehearsed): RowParts {
  const kept = returningItems(then, now, migration);
  const removed = planCopies(now, rollback).map(({ table, item }, at) => ({
    table,
    slot: at + 1,
    item: finishedRemoval(item, table, then),
  }));
  const remains = (table: TableShape) => now.has(table.key) && !rollback.dropped.includes(tableName(now.get(table.key)!));
  const marks = kept.map((item) => ({ item, mark: findTable(now, item) && markStatement(item, findTable(now, item)) }));
  return {
    first: lines([
      guard(
        version,
        rollback.dropped.flatMap((name) => [...now.values()].filter((table) => tableName(table) === name)),
      ),
      begin(version),
      `create temp table supasnap_views on commit drop as ${filledViews}`,
      lockStatement(
        rollback,
        returnedTo(
          now,
          kept.map((item) => ({ ...item, rekeyed: migration.rekeyed.includes(tableName(item.table)) })),
        ),
      ),
      ...kept.flatMap(openCopy),
      `${exactText}; set local search_path = pg_catalog`,
      ...removed.map(({ item, table, slot }) => inCopy(slot, `create table supabase_migrations.%1$I as ${copyQuery(item, table)}`, true)),
      ...removed.flatMap(noteGone),
      ...marks.flatMap(({ mark }) => (mark ? [mark.sql] : [])),
      ...marks.flatMap(({ item, mark }) => {
        const table = now.get(item.table.key);
        const keys = table && presentKey(table, item);
        return mark && keys ? conversionStatements(item, table, keys, rollback, mark.columns).map(({ sql }) => sql) : [];
      }),
      ownText,
    ]),
    back: lines([
      ...(platformRights ? [rightsStatement(true)] : []),
      quiet,
      `${exactText}; set local search_path = pg_catalog`,
      ...removed.flatMap(({ item, slot }) => carry(item, slot, then, remains)),
      ...marks.flatMap(({ item, mark }) => {
        const table = findTable(then, item);
        if (item.fate === 'sequence') return [raiseSequence(item.sequences[0]!, item.table).sql];
        if (!table) return [];
        const isNew = !findTable(now, item) || rollback.dropped.includes(tableName(findTable(now, item)!));
        const late = mark ? undefined : markStatement(item, table);
        return [
          ...(late ? [late.sql] : []),
          ...returnStatements(item, table, isNew, mark?.columns ?? late?.columns).flatMap(({ sql, tally }) => (tally ? [] : [sql])),
        ];
      }),
      ...stayWithParents(returningTo(then, kept), ({ item }) => migration.rekeyed.includes(tableName(item.table))).map(({ sql }) => sql),
      ...removed.flatMap(({ item, slot, table }) => afterImage(item, slot, table, then)),
      ownText,
      loud,
      ...(platformRights ? [rightsStatement(false)] : []),
      checkReferences([...new Set(kept.flatMap((item) => (findTable(then, item) ? [tableName(item.table)] : [])))]),
    ]),
    record: lines([refreshFilled, ...removed.map(({ item, slot }) => recordCopy(item, slot)), end(kept)]),
  };
}

const returningTo = (then: Shapes, kept: KeptItem[]): Returning[] =>
  kept.flatMap((item) => {
    const table = findTable(then, item);
    return table && item.fate !== 'sequence' ? [returningOf(item, table)] : [];
  });

const lines = (statements: string[]) => statements.map((sql) => `${sql};\n`).join('');

/** What the migration keeps, as it will be entered; numbers of sequences are read where it runs. */
function returningItems(then: Shapes, now: Shapes, effects: Effects): KeptItem[] {
  const items = planCopies(then, effects).map(({ table, item: { compare, whole: _, newKeys: __, ...planned } }, at): KeptItem => {
    const item: KeptItem = {
      ...planned,
      relation: `supasnap_rows_${at + 1}`,
      sequences: table.sequences.map((sequence) => ({ ...sequence, ...numberOf(table, sequence) })),
    };
    const found = findTable(now, item);
    const isReplaced = item.fate === 'dropped' && found !== undefined && !then.has(found.key);
    if (item.fate === 'dropped' && !isReplaced) return item;
    return found && (compare || isReplaced) ? followed(isReplaced ? asReplaced(item, found) : item, found) : item;
  });
  const sequences = effects.sequences.map((address): KeptItem => {
    const [schema, name] = address
      .slice(1, -1)
      .split('"."')
      .map((part) => part.replaceAll('""', '"')) as [string, string];
    const sequence = { schema, name, column: 0 };
    return {
      relation: '',
      table: { key: '', schema, name, partitioned: false },
      rowKey: [],
      columns: [],
      fate: 'sequence',
      sequences: [{ ...sequence, ...numberOf({ schema, name }, sequence) }],
    };
  });
  return [...items, ...sequences];
}

function numberOf(
  table: { schema: string; name: string },
  { schema, name }: { schema: string; name: string },
): { last: string; called: string } {
  // Null where nothing was kept: then the sequence stays as it is.
  const read = (what: string, type: string) =>
    `(select (s->>'${what}')::${type} from pg_temp.supasnap_items i, jsonb_array_elements(i.item->'sequences') s where ${entryOf(table)} and s->>'schema' = ${quoteText(schema)} and s->>'name' = ${quoteText(name)} limit 1)`;
  return { last: read('last', 'bigint'), called: read('called', 'boolean') };
}

/** A removal compares with the table as it will be then, where values stay with another type. */
function finishedRemoval(item: PlannedCopy, table: TableShape, then: Shapes): KeptItem {
  const open: KeptItem = { ...item, relation: '', sequences: [] };
  const later = then.get(table.key);
  return item.fate === 'dropped' || !later ? open : followed(open, later);
}

/** Of a table that the migration made: which of its rows users deleted since. */
function noteGone({ item, table, slot }: { item: KeptItem; table: TableShape; slot: number }): string[] {
  const sql =
    item.fate === 'dropped'
      ? goneStatement(item, { fate: 'created', rowKey: keyOf(table, new Map()) }, 'supabase_migrations.%1$I', 'supabase_migrations.%2$I')
      : undefined;
  if (!sql) return [];
  return [
    `do $gone$
declare
  copy text := (select c.relation from pg_temp.supasnap_copies c where c.slot = ${slot});
  made text := (select i.relation from pg_temp.supasnap_items i where ${entryOf(table)} and i.item->>'fate' = 'created' limit 1);
begin
  if made is not null then execute format($sql$${sql}$sql$, copy, made); end if;
end $gone$`,
  ];
}

/** Runs a statement on a copy of this rollback; \`%1$I\` is its name. Where our tables are not there, nothing is kept. */
const inCopy = (slot: number, sql: string, isNew = false) => `do $copy$
declare
  copy text;
begin
  if to_regclass('supabase_migrations.supasnap_kept') is null then return; end if;
  ${isNew ? `copy := 'supasnap_kept_' || nextval('supabase_migrations.supasnap_kept_number');\n  insert into pg_temp.supasnap_copies values (${slot}, copy)` : `copy := (select c.relation from pg_temp.supasnap_copies c where c.slot = ${slot})`};
  execute format($sql$${sql.replaceAll('%', '%%').replaceAll('%%1$I', '%1$I')}$sql$, copy);
end $copy$`;

/** A plan that drops a table and makes it again under its name means the same table. */
function carry(item: KeptItem, slot: number, then: Shapes, remains: (table: TableShape) => boolean): string[] {
  const table = item.fate === 'dropped' ? findTable(then, item) : undefined;
  if (!table || remains(table)) return [];
  return carryStatements({ ...item, relation: 'supasnap_this_copy' }, table).map(({ sql }) =>
    inCopy(slot, sql.replaceAll('supabase_migrations."supasnap_this_copy"', 'supabase_migrations.%1$I')),
  );
}

/** The values after the rollback, of columns that only change their type. */
function afterImage(item: KeptItem, slot: number, table: TableShape, then: Shapes): string[] {
  const later = then.get(table.key);
  const compared = item.columns.filter((column) => column.compared);
  const keys = later && presentKey(later, item);
  if (item.fate === 'dropped' || !later || !keys || compared.length === 0) return [];
  const now = (column: KeptColumn) => storedValue(present(later, item, column)!, live(present(later, item, column)!), column.inParts);
  return [
    inCopy(
      slot,
      `create table supabase_migrations.supasnap_kept_after as select ${item.rowKey.map((column) => `k.${keyName(column)}`).join(', ')}, ${copyColumns('n', compared, now).join(', ')} from supabase_migrations.%1$I k join ${reach(later)} t on ${sameRow(item.rowKey, keys)};
    create table supabase_migrations.supasnap_kept_joined as select * from supabase_migrations.%1$I left join supabase_migrations.supasnap_kept_after using (${item.rowKey.map(keyName).join(', ')});
    drop table supabase_migrations.%1$I; drop table supabase_migrations.supasnap_kept_after; alter table supabase_migrations.supasnap_kept_joined rename to %1$I`,
    ),
  ];
}

function recordCopy(item: KeptItem, slot: number): string {
  // Of no table's number: those are this database's own, and its table and columns go by their names.
  const { relation: _, ...rest } = { ...item, table: { ...item.table, key: '' } };
  return inCopy(
    slot,
    `select supabase_migrations.supasnap_close(%1$L); insert into supabase_migrations.supasnap_kept (relation, run_id, item, rows, bytes)
    select %1$L, r.id, ${quoteText(JSON.stringify(rest))}::jsonb || jsonb_build_object('relation', %1$L), (select count(*) from supabase_migrations.%1$I), pg_total_relation_size('supabase_migrations.%1$I') from pg_temp.supasnap_run r`,
  ).replaceAll('%%1$L', '%1$L');
}
