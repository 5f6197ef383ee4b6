import { quoteText } from '../sql-names.ts';
import { rightsStatement } from '../transition/execute.ts';
import { asReplaced, copyQuery, followed, planCopies, type PlannedCopy } from './copies-plan.ts';
import type { Effects } from './effects.ts';
import { exactText, ownText } from './exact-text.ts';
import { after, before, findTable, keyName, live, present, presentKey, reach, sameRow, storedValue, tableName, type KeptColumn, type KeptItem } from './item.ts';
import type { TableShape } from './shape.ts';
import { stayWithParents, type Returning } from './changed-keys.ts';
import { pairsOf } from './return-statement.ts';
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
export function rowsByHand({ version, before: then, after: now, migration, rollback }: Rehearsed): RowParts {
  const kept = returningItems(then, now, migration);
  const removed = planCopies(now, rollback).map(({ table, item }, at) => ({ table, slot: at + 1, item: finishedRemoval(item, table, then) }));
  const remains = (table: TableShape) => now.has(table.key) && !rollback.dropped.includes(tableName(now.get(table.key)!));
  const marks = kept.map((item) => ({ item, mark: findTable(now, item) && markStatement(item, findTable(now, item)) }));
  return {
    first: lines([
      begin(version),
      ...kept.flatMap(openCopy),
      `${exactText}; set local search_path = pg_catalog`,
      ...removed.map(({ item, table, slot }) => inCopy(slot, `create table supabase_migrations.%1$I as ${copyQuery(item, table)}`, true)),
      ...marks.flatMap(({ mark }) => (mark ? [mark.sql] : [])),
      ...marks.flatMap(({ item, mark }) => {
        const table = now.get(item.table.key);
        const keys = table && presentKey(table, item);
        return mark && keys ? conversionStatements(item, table, keys, rollback, mark.columns) : [];
      }),
      ownText,
    ]),
    back: lines([
      rightsStatement(true),
      quiet,
      `${exactText}; set local search_path = pg_catalog`,
      ...removed.flatMap(({ item, slot }) => carry(item, slot, then, remains)),
      ...marks.flatMap(({ item, mark }) => {
        const table = findTable(then, item);
        if (item.fate === 'sequence') return [raiseSequence(item.sequences[0]!, item.table).sql];
        if (!table) return [];
        const isNew = !findTable(now, item) || rollback.dropped.includes(tableName(findTable(now, item)!));
        const late = mark ? undefined : markStatement(item, table);
        return [...(late ? [late.sql] : []), ...returnStatements(item, table, isNew, mark?.columns ?? late?.columns).flatMap(({ sql, tally }) => (tally ? [] : [sql]))];
      }),
      ...stayWithParents(returningTo(then, kept), ({ item }) => migration.rekeyed.includes(tableName(item.table))).map(({ sql }) => sql),
      ...removed.flatMap(({ item, slot, table }) => afterImage(item, slot, table, then)),
      ownText,
      loud,
      rightsStatement(false),
      checkReferences([...new Set(kept.flatMap((item) => (findTable(then, item) ? [tableName(item.table)] : [])))]),
    ]),
    record: lines([...removed.map(({ item, slot }) => recordCopy(item, slot)), end(kept)]),
  };
}

const returningTo = (then: Shapes, kept: KeptItem[]): Returning[] =>
  kept.flatMap((item) => {
    const table = findTable(then, item);
    return table && item.fate !== 'sequence' ? [{ item, table, pairs: pairsOf(item, table), keys: presentKey(table, item) }] : [];
  });

const lines = (statements: string[]) => statements.map((sql) => `${sql};\n`).join('');

/** What the migration keeps, as it will be entered; numbers of sequences are read where it runs. */
function returningItems(then: Shapes, now: Shapes, effects: Effects): KeptItem[] {
  const items = planCopies(then, effects).map(({ table, item: { compare, whole: _, newKeys: __, ...planned } }, at): KeptItem => {
    const item: KeptItem = { ...planned, relation: `supasnap_rows_${at + 1}`, sequences: table.sequences.map((sequence) => ({ ...sequence, ...numberOf(table, sequence) })) };
    const found = findTable(now, item);
    const isReplaced = item.fate === 'dropped' && found !== undefined && !then.has(found.key);
    if (item.fate === 'dropped' && !isReplaced) return item;
    return found && (compare || isReplaced) ? followed(isReplaced ? asReplaced(item, found) : item, found) : item;
  });
  const sequences = effects.sequences.map((address): KeptItem => {
    const [schema, name] = address.slice(1, -1).split('"."').map((part) => part.replaceAll('""', '"')) as [string, string];
    const sequence = { schema, name, column: 0 };
    return { relation: '', table: { key: '', schema, name, partitioned: false }, rowKey: [], columns: [], fate: 'sequence', sequences: [{ ...sequence, ...numberOf({ schema, name }, sequence) }] };
  });
  return [...items, ...sequences];
}

const entryOf = (table: { schema: string; name: string }) => `i.item->'table'->>'schema' = ${quoteText(table.schema)} and i.item->'table'->>'name' = ${quoteText(table.name)}`;

function numberOf(table: { schema: string; name: string }, { schema, name }: { schema: string; name: string }): { last: string; called: string } {
  const read = (what: string, type: string, none: string) =>
    `coalesce((select (s->>'${what}')::${type} from pg_temp.supasnap_items i, jsonb_array_elements(i.item->'sequences') s where ${entryOf(table)} and s->>'schema' = ${quoteText(schema)} and s->>'name' = ${quoteText(name)} limit 1), ${none})`;
  return { last: read('last', 'bigint', '1'), called: read('called', 'boolean', 'false') };
}

const begin = (version: string) => `do $begin$
begin
  create temp table supasnap_items (relation text, item jsonb) on commit drop;
  create temp table supasnap_copies (slot int, relation text) on commit drop;
  create temp table supasnap_loud (sql text) on commit drop;
  create temp table supasnap_run (id bigint) on commit drop;
  if to_regclass('supabase_migrations.supasnap_kept') is null then return; end if;
  insert into pg_temp.supasnap_items select k.relation, k.item from supabase_migrations.supasnap_kept k
    where k.returned_by is null and k.run_id = (select max(r.id) from supabase_migrations.supasnap_runs r
      where r.status in ('applied', 'done') and (r.kind = 'migrate' and r.version = ${quoteText(version)} or r.kind = 'rollback' and ${quoteText(version)} = any(r.restored)));
  with run as (insert into supabase_migrations.supasnap_runs (kind, status, name, undone, restored, started_at, applied_at, duration_ms, environment, who, tool_version)
      values ('rollback', 'done', 'the file run by hand', array[${quoteText(version)}], '{}', now(), clock_timestamp(), 0, 'by hand', session_user, 'by hand') returning id)
  insert into pg_temp.supasnap_run select id from run;
end $begin$`;

/** The copy under a name that the following statements know; an empty table where this database kept nothing of it. */
function openCopy({ relation, table, rowKey, alike, columns, fate }: KeptItem): string[] {
  if (fate === 'sequence') return [];
  const type = (column: KeptColumn) => (column.builtIn && !column.inParts ? column.type : 'text');
  const layout = [
    'mark text',
    ...rowKey.map((column) => `${keyName(column)} ${type(column)}`),
    ...(alike ?? []).map((column) => `${keyName(column)} text`),
    ...columns.map((column) => `${before(column)} ${type(column)}`),
    ...columns.filter(({ compared }) => compared).map((column) => `${after(column)} ${type(column)}`),
  ];
  return [`do $copy$
declare
  copy text := (select i.relation from pg_temp.supasnap_items i where ${entryOf(table)} and i.item->>'fate' = ${quoteText(fate)} limit 1);
begin
  if copy is null then
    create temp table ${relation} (${layout.join(', ')}) on commit drop;
  else
    execute format('create temp view ${relation} as select * from supabase_migrations.%I', copy);
  end if;
end $copy$`];
}

/** A removal compares with the table as it will be then, where values stay with another type. */
function finishedRemoval(item: PlannedCopy, table: TableShape, then: Shapes): KeptItem {
  const open: KeptItem = { ...item, relation: '', sequences: [] };
  const later = then.get(table.key);
  return item.fate === 'dropped' || !later ? open : followed(open, later);
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
  return carryStatements({ ...item, relation: 'supasnap_this_copy' }, table).map(({ sql }) => inCopy(slot, sql.replaceAll('supabase_migrations."supasnap_this_copy"', 'supabase_migrations.%1$I')));
}

/** The values after the rollback, of columns that only change their type. */
function afterImage(item: KeptItem, slot: number, table: TableShape, then: Shapes): string[] {
  const later = then.get(table.key);
  const compared = item.columns.filter((column) => column.compared);
  const keys = later && presentKey(later, item);
  if (item.fate === 'dropped' || !later || !keys || compared.length === 0) return [];
  const now = (column: KeptColumn) => storedValue(present(later, item, column)!, live(present(later, item, column)!), column.inParts);
  return [
    inCopy(slot, `create table supabase_migrations.supasnap_kept_after as select ${item.rowKey.map((column) => `k.${keyName(column)}`).join(', ')}, ${compared.map((column) => `${now(column)} as ${after(column)}`).join(', ')} from supabase_migrations.%1$I k join ${reach(later)} t on ${sameRow(item.rowKey, keys)};
    create table supabase_migrations.supasnap_kept_joined as select * from supabase_migrations.%1$I left join supabase_migrations.supasnap_kept_after using (${item.rowKey.map(keyName).join(', ')});
    drop table supabase_migrations.%1$I; drop table supabase_migrations.supasnap_kept_after; alter table supabase_migrations.supasnap_kept_joined rename to %1$I`),
  ];
}

function recordCopy(item: KeptItem, slot: number): string {
  const { relation: _, ...rest } = item;
  return inCopy(
    slot,
    `select supabase_migrations.supasnap_close(%1$L); insert into supabase_migrations.supasnap_kept (relation, run_id, item, rows, bytes)
    select %1$L, r.id, ${quoteText(JSON.stringify(rest))}::jsonb || jsonb_build_object('relation', %1$L), (select count(*) from supabase_migrations.%1$I), pg_total_relation_size('supabase_migrations.%1$I') from pg_temp.supasnap_run r`,
  ).replaceAll('%%1$L', '%1$L');
}

const quiet = `do $quiet$
declare
  one record;
  loud text[] := '{A,R}';
begin
  begin
    set local session_replication_role = replica;
  exception when insufficient_privilege then
    loud := '{O,A,R}';
  end;
  for one in select format('alter table %I.%I %%s trigger %I', n.nspname, c.relname, t.tgname) as sql, case t.tgenabled when 'A' then 'enable always' when 'R' then 'enable replica' else 'enable' end as word
      from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgparentid = 0 and t.tgenabled::text = any (loud) and n.nspname not in ('supabase_migrations', 'pg_catalog') and pg_has_role(c.relowner, 'usage')
  loop
    insert into pg_temp.supasnap_loud values (format(one.sql, one.word));
    execute format(one.sql, 'disable');
  end loop;
end $quiet$`;

const loud = `do $loud$
declare
  one record;
begin
  for one in select sql from pg_temp.supasnap_loud loop execute one.sql; end loop;
  if current_setting('session_replication_role') = 'replica' then set local session_replication_role = origin; end if;
end $loud$`;

/** Foreign keys are not watched while triggers are quiet. */
const checkReferences = (tables: string[]) => `do $check$
declare
  reference record;
  orphan boolean;
begin
  for reference in
    select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
      string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ') as points, string_agg(format('c.%I is not null', ca.attname), ' and ') as given
    from pg_constraint k cross join unnest(k.conkey, k.confkey) as u (own, theirs)
      join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.own join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.theirs
    where k.contype = 'f' and k.convalidated and k.conparentid = 0
      and array[k.conrelid, k.confrelid] && array(select to_regclass(name)::oid from unnest(array[${tables.map(quoteText).join(', ')}]::text[]) as name)
    group by k.oid, k.conname, k.conrelid, k.confrelid
  loop
    execute format('select exists (select from %s c where %s and not exists (select from %s p where %s))', reference.child, reference.given, reference.parent, reference.points) into orphan;
    if orphan then
      raise exception 'Rows of % would point to rows of % that are gone (foreign key %); nothing was changed.', reference.child, reference.parent, reference.name;
    end if;
  end loop;
end $check$`;

const end = (kept: KeptItem[]) => `do $end$
declare
  one record;
begin
  if to_regclass('supabase_migrations.supasnap_kept') is not null then
    update supabase_migrations.supasnap_kept k set returned_by = r.id from pg_temp.supasnap_run r where k.relation in (select i.relation from pg_temp.supasnap_items i);
  end if;
  for one in select c.relname from pg_class c where c.relnamespace = pg_my_temp_schema() and c.relkind = 'v' and c.relname = any (array[${kept.flatMap(({ relation }) => (relation ? [quoteText(relation)] : [])).join(', ')}]::text[]) loop
    execute format('drop view pg_temp.%I', one.relname);
  end loop;
end $end$`;
