/** On each of our tables: refuses TRUNCATE. `kept release` disables it; whatever writes history next enables it again. */
export const guardTrigger = 'supasnap_refuse_truncate';

export const tables = ['supasnap_states', 'supasnap_snapshots', 'supasnap_runs', 'supasnap_kept'];

/**
 * Creates what is missing of the history: the CLI's own table exactly as the CLI makes it, the hosted platform's
 * rollback column, and our tables beside it. Nothing here references the CLI's table, for the CLI truncates it.
 */
export const historySchema = `
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
alter table supabase_migrations.schema_migrations add column if not exists statements text[];
alter table supabase_migrations.schema_migrations add column if not exists name text;
alter table supabase_migrations.schema_migrations add column if not exists rollback text[];

create table if not exists supabase_migrations.supasnap_states (
  sha256 text primary key,
  sql_gz bytea not null,
  facts_gz bytea not null
);
comment on table supabase_migrations.supasnap_states is
  'supasnap: schema dumps and facts, compressed, each stored once. They let any machine roll back.';

create table if not exists supabase_migrations.supasnap_snapshots (
  id bigint generated always as identity primary key,
  name text not null,
  copy integer not null default 1,
  sha256 text not null references supabase_migrations.supasnap_states,
  manifest jsonb not null,
  catalog_check text not null,
  identity_gz bytea not null,
  taken_at timestamptz not null,
  unique (name, copy)
);
comment on table supabase_migrations.supasnap_snapshots is
  'supasnap: one row per snapshot; catalog_check tells cheaply whether the schema is still the one of the snapshot.';

create table if not exists supabase_migrations.supasnap_runs (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('migrate', 'rollback')),
  status text not null,
  version text,
  name text,
  file_sha256 text,
  statements text[],
  undone text[],
  restored text[],
  snapshot_before text,
  snapshot_after text,
  rollback_sql text,
  proof jsonb,
  changes jsonb,
  tested jsonb,
  progress jsonb,
  started_at timestamptz not null,
  applied_at timestamptz not null,
  duration_ms integer not null,
  environment text not null,
  who text,
  git_commit text,
  tool_version text not null
);
alter table supabase_migrations.supasnap_runs add column if not exists xid text;
alter table supabase_migrations.supasnap_runs add column if not exists rows_until text[];
alter table supabase_migrations.supasnap_runs add column if not exists rows_returned text[];
alter table supabase_migrations.supasnap_runs add column if not exists override_reason text;
comment on table supabase_migrations.supasnap_runs is
  'supasnap: one row per migrate or rollback that changed this database. Rows are only added or completed.';

create table if not exists supabase_migrations.supasnap_kept (
  relation text primary key,
  run_id bigint not null references supabase_migrations.supasnap_runs,
  item jsonb not null,
  rows bigint not null,
  bytes bigint not null,
  kept_at timestamptz not null default clock_timestamp(),
  returned_by bigint references supabase_migrations.supasnap_runs,
  report jsonb
);
comment on table supabase_migrations.supasnap_kept is
  'supasnap: one row per table of kept rows (supasnap_kept_<n>): what a run destroyed or changed, and the run that put it back.';
create sequence if not exists supabase_migrations.supasnap_kept_number;

create or replace function supabase_migrations.supasnap_refuse_truncate() returns trigger
  language plpgsql set search_path = '' as $refuse$
begin
  raise exception 'supasnap: TRUNCATE was refused and nothing was changed: %.% holds the only copies of this database''s snapshots and rollbacks. To go back without losing rows: npx supasnap rollback --list. To empty the database all the same: npx supasnap kept release',
    tg_table_schema, tg_table_name
    using hint = '"supabase migration down" and "supabase db reset" empty every table of this schema.';
end
$refuse$;
${tables
  .map(
    (table) => `create or replace trigger supasnap_refuse_truncate before truncate on supabase_migrations.${table}
  for each statement execute function supabase_migrations.supasnap_refuse_truncate();
alter table supabase_migrations.${table} enable trigger supasnap_refuse_truncate;
alter table supabase_migrations.${table} enable row level security;`,
  )
  .join('\n')}
create or replace function supabase_migrations.supasnap_revoke(only_relation text) returns void
  language plpgsql set search_path = '' as $revoke$
declare
  given record;
begin
  for given in
    with object (kind, reach, owner, acl) as (
      select 'schema', 'supabase_migrations', nspowner, nspacl
        from pg_catalog.pg_namespace where nspname = 'supabase_migrations' and only_relation is null
      union all
      select case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass::text, c.relowner, acl
        from pg_catalog.pg_class c, lateral (select c.relacl union all select attacl from pg_catalog.pg_attribute where attrelid = c.oid and attacl is not null) as acls (acl)
        where c.relnamespace = 'supabase_migrations'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relname = coalesce(only_relation, c.relname)
      union all
      select 'routine', p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
        from pg_catalog.pg_proc p where p.pronamespace = 'supabase_migrations'::regnamespace and p.prokind in ('f', 'p', 'w') and only_relation is null
    )
    select distinct o.kind, o.reach, case a.grantee when 0 then 'public' else a.grantee::regrole::text end as grantee
      from object o, lateral pg_catalog.aclexplode(o.acl) a
      where a.grantee <> o.owner and pg_catalog.pg_has_role(o.owner, 'usage')
        and (a.grantee = 0 or exists (
          select from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated', 'service_role') and pg_catalog.pg_has_role(r.oid, a.grantee, 'member')))
  loop
    execute format('revoke all on %s %s from %s cascade', given.kind, given.reach, given.grantee);
  end loop;
end
$revoke$;
comment on function supabase_migrations.supasnap_revoke(text) is
  'supasnap: takes away what the API roles, a role that they are members of, or everyone may do here, whatever default privileges gave; null for all of the schema.';
create or replace function supabase_migrations.supasnap_close(relation text) returns void
  language plpgsql set search_path = '' as $close$
begin
  execute format('alter table supabase_migrations.%I enable row level security', relation);
  perform supabase_migrations.supasnap_revoke(relation);
  execute format('create or replace trigger supasnap_refuse_truncate before truncate on supabase_migrations.%I
    for each statement execute function supabase_migrations.supasnap_refuse_truncate()', relation);
end
$close$;
do $close$ begin perform supabase_migrations.supasnap_revoke(null); end $close$;
do $guard$
declare
  released regclass;
begin
  for released in select tgrelid from pg_catalog.pg_trigger where tgname = '${guardTrigger}' and tgenabled = 'D' loop
    execute format('alter table %s enable trigger ${guardTrigger}', released);
  end loop;
end
$guard$;
`;
