import { quoteText } from '../sql-names.ts';
import { rightsStatement } from '../transition/execute.ts';
import { asReplaced, copyQuery, followed, isTold, keyOf, planCopies, type PlannedCopy } from './copies-plan.ts';
import type { Effects } from './effects.ts';
import { goneStatement } from './gone.ts';
import { exactText, ownText } from './exact-text.ts';
import { copyColumns, copyNames, findTable, keyName, live, present, presentKey, reach, sameRow, storedValue, tableName, type KeptColumn, type KeptItem } from './item.ts';
import { filledViews } from './materialized-views.ts';
import { firing } from './quiet.ts';
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
      guard(version, rollback.dropped.flatMap((name) => [...now.values()].filter((table) => tableName(table) === name))),
      begin(version),
      `create temp table supasnap_views on commit drop as ${filledViews}`,
      lockStatement(rollback, returnedTo(now, kept.map((item) => ({ ...item, rekeyed: migration.rekeyed.includes(tableName(item.table)) })))),
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
  // Null where nothing was kept: then the sequence stays as it is.
  const read = (what: string, type: string) =>
    `(select (s->>'${what}')::${type} from pg_temp.supasnap_items i, jsonb_array_elements(i.item->'sequences') s where ${entryOf(table)} and s->>'schema' = ${quoteText(schema)} and s->>'name' = ${quoteText(name)} limit 1)`;
  return { last: read('last', 'bigint'), called: read('called', 'boolean') };
}

/** What stands on the migration, or was added to a table that goes, is in no copy of this file's. */
const guard = (version: string, goes: TableShape[]) => `do $guard$
declare
  found text;
begin
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    select string_agg(m.version, ', ' order by m.version) into found from supabase_migrations.schema_migrations m where m.version > ${quoteText(version)};
    if found is not null then
      raise exception 'Newer migrations stand on ${version}: %. Nothing was changed.', found using hint = 'Undo those first, or all of them together: npx supasnap rollback';
    end if;
  end if;
  select string_agg(format('%I.%I.%I', n.nspname, c.relname, a.attname), ', ') into found
  from (values ${[...goes.map((table) => `(${quoteText(tableName(table))}, array[${table.columns.map(({ name }) => quoteText(name)).join(', ')}]::text[])`), '(null, null::text[])'].join(', ')}) as known (name, columns)
    join pg_class c on c.oid = to_regclass(known.name) join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  where a.attnum > 0 and not a.attisdropped and a.attname::text <> all (known.columns);
  if found is not null then
    raise exception 'This file does not know %, and would not keep what is in there. Nothing was changed.', found using hint = 'This keeps it: npx supasnap rollback';
  end if;
end $guard$`;

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

/** What a column of the copy is made of: columns of the kept table, by name, for their numbers are this database's own. */
interface Part {
  as: string;
  type: string;
  /** It is an array of those columns, as text. */
  packed: boolean;
  /** Where the copy's entry names them, and the letter that stands before their number; one for each element of an array. */
  of: { list: 'rowKey' | 'columns' | 'alike'; letter: 'k' | 'c' | 'n'; names: (string | null)[] };
}

/** The columns of a copy that the following statements know. */
function partsOf({ rowKey, alike, columns }: KeptItem): Part[] {
  const type = (column: KeptColumn) => (column.builtIn && !column.inParts ? column.type : 'text');
  const values = (letter: 'c' | 'n', list: KeptColumn[]): Part[] => {
    if (!list.some(({ packed }) => packed)) return list.map((column) => ({ as: copyNames(letter, [column])[0]!, type: type(column), packed: false, of: { list: 'columns', letter, names: [column.name] } }));
    const names = Array.from({ length: Math.max(...list.map(({ number }) => number)) }, (_, index) => list.find(({ number }) => number === index + 1)?.name ?? null);
    return [{ as: letter, type: 'text[]', packed: true, of: { list: 'columns', letter, names } }];
  };
  return [
    ...rowKey.map((column): Part => ({ as: keyName(column), type: type(column), packed: false, of: { list: 'rowKey', letter: 'k', names: [column.name] } })),
    ...(alike ?? []).map((column): Part => ({ as: keyName(column), type: 'text', packed: false, of: { list: 'alike', letter: 'k', names: [column.name] } })),
    ...values('c', columns),
    ...values('n', columns.filter(({ compared }) => compared)),
  ];
}

/** The copy under a name that the following statements know; an empty table where this database kept nothing of it. */
function openCopy(item: KeptItem): string[] {
  const { relation, table, rowKey, fate } = item;
  if (fate === 'sequence') return [];
  const parts = partsOf(item);
  const digest = isTold({ fate, rowKey }) ? [] : ['digest'];
  const layout = ['mark text', ...digest.map((name) => `${name} text`), ...parts.map(({ as, type }) => `${as} ${type}`)];
  return [`do $copy$
declare
  copy text;
  entry jsonb;
  columns text;
begin
  select i.relation, i.item into copy, entry from pg_temp.supasnap_items i where ${entryOf(table)} and i.item->>'fate' = ${quoteText(fate)} limit 1;
  if copy is null then
    create temp table ${relation} (${layout.join(', ')}) on commit drop;
    return;
  end if;
  select string_agg(format(case when (part->>'packed')::boolean then 'array[%s]::text[] as %s' else '%s as %s' end, made.list, part->>'as'), ', ' order by place) into columns
  from jsonb_array_elements(${quoteText(JSON.stringify(parts))}::jsonb) with ordinality as u (part, place), lateral (
    select string_agg(coalesce(case when kept.packed then format('%s[%s]', part#>>'{of,letter}', kept.number) else format('%s%s', part#>>'{of,letter}', kept.number) end
      || case when (part->>'packed')::boolean then '::text' else '' end, format('null::%s', case when (part->>'packed')::boolean then 'text' else part->>'type' end)), ', ' order by at) as list
    from jsonb_array_elements_text(part#>'{of,names}') with ordinality as n (name, at) left join lateral (
      select c->>'number' as number, coalesce((c->>'packed')::boolean, false) as packed from jsonb_array_elements(entry->(part#>>'{of,list}')) as c
      where c->>'name' = n.name and (part#>>'{of,letter}' <> 'n' or (c->>'compared')::boolean) limit 1) as kept on true) as made;
  execute format('create temp view ${relation} as select %s from supabase_migrations.%I', concat_ws(', ', 'mark'${digest.map((name) => `, '${name}'`).join('')}, columns), copy);
end $copy$`];
}

/** A removal compares with the table as it will be then, where values stay with another type. */
function finishedRemoval(item: PlannedCopy, table: TableShape, then: Shapes): KeptItem {
  const open: KeptItem = { ...item, relation: '', sequences: [] };
  const later = then.get(table.key);
  return item.fate === 'dropped' || !later ? open : followed(open, later);
}

/** Of a table that the migration made: which of its rows users deleted since. */
function noteGone({ item, table, slot }: { item: KeptItem; table: TableShape; slot: number }): string[] {
  const sql = item.fate === 'dropped' ? goneStatement(item, { fate: 'created', rowKey: keyOf(table, new Map()) }, 'supabase_migrations.%1$I', 'supabase_migrations.%2$I') : undefined;
  if (!sql) return [];
  return [`do $gone$
declare
  copy text := (select c.relation from pg_temp.supasnap_copies c where c.slot = ${slot});
  made text := (select i.relation from pg_temp.supasnap_items i where ${entryOf(table)} and i.item->>'fate' = 'created' limit 1);
begin
  if made is not null then execute format($sql$${sql}$sql$, copy, made); end if;
end $gone$`];
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
    inCopy(slot, `create table supabase_migrations.supasnap_kept_after as select ${item.rowKey.map((column) => `k.${keyName(column)}`).join(', ')}, ${copyColumns('n', compared, now).join(', ')} from supabase_migrations.%1$I k join ${reach(later)} t on ${sameRow(item.rowKey, keys)};
    create table supabase_migrations.supasnap_kept_joined as select * from supabase_migrations.%1$I left join supabase_migrations.supasnap_kept_after using (${item.rowKey.map(keyName).join(', ')});
    drop table supabase_migrations.%1$I; drop table supabase_migrations.supasnap_kept_after; alter table supabase_migrations.supasnap_kept_joined rename to %1$I`),
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
  for one in ${firing('loud')}
  loop
    insert into pg_temp.supasnap_loud values (one.again);
    execute one.off;
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

/** What was filled since, before rows had returned, is filled again. */
const refreshFilled = `do $views$
declare
  one record;
begin
  for one in select format('%I.%I', f.schema, f.name) as name from (${filledViews}) as f where not exists (select from pg_temp.supasnap_views v where v.oid = f.oid and v.file = f.file) loop
    execute format('refresh materialized view %s', one.name);
  end loop;
end $views$`;

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
