import { quoteText } from '../sql-names.ts';
import { tableName, type KeptItem } from './item.ts';
import { filledViews } from './materialized-views.ts';
import { deletesBuckets, firing } from './quiet.ts';
import type { TableShape } from './shape.ts';

// The blocks of a rollback file that stand around its rows: each is one statement of its own.

/** What stands on the migration, or was added to a table that goes, is in no copy of this file's. */
export const guard = (version: string, goes: TableShape[]) => `do $guard$
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

export const begin = (version: string) => `do $begin$
begin
  create temp table supasnap_items (relation text, item jsonb) on commit drop;
  create temp table supasnap_copies (slot int, relation text) on commit drop;
  create temp table supasnap_loud (sql text) on commit drop;
  create temp table supasnap_run (id bigint) on commit drop;
  if to_regclass('supabase_migrations.supasnap_kept') is null then return; end if;
  insert into pg_temp.supasnap_items select k.relation, k.item from supabase_migrations.supasnap_kept k
    where k.returned_by is null and k.item->>'fate' not in ('jobs', 'queues', 'messages') and k.run_id = (select max(r.id) from supabase_migrations.supasnap_runs r
      where r.status in ('applied', 'done') and (r.kind = 'migrate' and r.version = ${quoteText(version)} or r.kind = 'rollback' and ${quoteText(version)} = any(r.restored)));
  with run as (insert into supabase_migrations.supasnap_runs (kind, status, name, undone, restored, started_at, applied_at, duration_ms, environment, who, tool_version)
      values ('rollback', 'done', 'the file run by hand', array[${quoteText(version)}], '{}', now(), clock_timestamp(), 0, 'by hand', session_user, 'by hand') returning id)
  insert into pg_temp.supasnap_run select id from run;
end $begin$`;

export const quiet = `do $quiet$
declare
  one record;
  loud text[] := '{A,R}';
begin
  set local ${deletesBuckets} = 'true';
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

export const loud = `do $loud$
declare
  one record;
begin
  for one in select sql from pg_temp.supasnap_loud loop execute one.sql; end loop;
  set local ${deletesBuckets} = '';
  if current_setting('session_replication_role') = 'replica' then set local session_replication_role = origin; end if;
end $loud$`;

/** Foreign keys are not watched while triggers are quiet. */
export const checkReferences = (tables: string[]) => `do $check$
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
export const refreshFilled = `do $views$
declare
  one record;
begin
  for one in select format('%I.%I', f.schema, f.name) as name from (${filledViews}) as f where not exists (select from pg_temp.supasnap_views v where v.oid = f.oid and v.file = f.file) loop
    execute format('refresh materialized view %s', one.name);
  end loop;
end $views$`;

export const end = (kept: KeptItem[]) => `do $end$
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
