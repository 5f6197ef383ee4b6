/** Something that users of the platform make and `supabase db dump` forgets: made, changed and removed by migrations. */
export interface PlatformObject {
  name: string;
  create: string;
  change: string;
  drop: string;
}

export const objects: PlatformObject[] = [
  {
    name: 'policies on platform tables',
    create: `
      create policy "own files" on storage.objects for select to authenticated using (bucket_id = 'avatars' and (storage.foldername(name))[1] = auth.uid()::text);
      create policy "all buckets" on storage.buckets as restrictive for all to anon using (public) with check (name in ('a', 'b'));
      create policy "own topic" on realtime.messages for insert to authenticated with check (realtime.topic() = 'x');`,
    change: `
      alter policy "own files" on storage.objects to authenticated, anon using (bucket_id = 'other');
      alter policy "all buckets" on storage.buckets rename to "some buckets";
      alter policy "own topic" on realtime.messages with check (realtime.topic() = 'y');`,
    drop: `
      drop policy "own files" on storage.objects;
      drop policy "some buckets" on storage.buckets;
      drop policy "own topic" on realtime.messages;`,
  },
  {
    name: 'triggers on platform tables and webhooks',
    create: `
      create table public.profiles (id uuid primary key references auth.users on delete cascade, name text);
      create function public.new_user() returns trigger language plpgsql security definer set search_path = '' as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
      create function public.call_hook() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger on_new_user after insert on auth.users for each row execute function public.new_user();
      create trigger on_upload after insert on storage.objects for each row when (new.bucket_id = 'a') execute function public.call_hook();
      create trigger hook after insert or update on public.profiles for each row execute function public.call_hook('https://example.com', 'POST', '{"Authorization":"Bearer abc"}');`,
    change: `
      create or replace trigger on_new_user after insert or update of email on auth.users for each row execute function public.new_user();
      drop trigger on_upload on storage.objects;
      create trigger on_upload before delete on storage.objects for each row execute function public.call_hook();
      alter table public.profiles disable trigger hook;`,
    drop: `
      drop trigger on_new_user on auth.users;
      drop trigger on_upload on storage.objects;
      drop table public.profiles;
      drop function public.new_user, public.call_hook;`,
  },
  {
    name: 'event triggers with their enabled state',
    create: `
      create function public.on_ddl() returns event_trigger language plpgsql as $$ begin null; end $$;
      create event trigger watch_tables on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE') execute function public.on_ddl();
      create event trigger watch_drops on sql_drop execute function public.on_ddl();
      alter event trigger watch_drops disable;
      create event trigger watch_replica on ddl_command_start execute function public.on_ddl();
      alter event trigger watch_replica enable replica;`,
    change: `
      alter event trigger watch_tables enable always;
      alter event trigger watch_drops enable;
      alter event trigger watch_replica rename to watch_start;`,
    drop: `
      drop event trigger watch_tables;
      drop event trigger watch_drops;
      drop event trigger watch_start;
      drop function public.on_ddl;`,
  },
  {
    name: 'publications and their members',
    create: `
      create table public.rooms (id int primary key, title text, secret text);
      create schema feed;
      create table public.lines (id int primary key, room int);
      alter publication supabase_realtime add table public.rooms (id, title), public.lines where (room > 3);
      create publication mine for table public.rooms with (publish = 'insert, update');
      create publication of_schema for tables in schema feed;`,
    change: `
      alter publication supabase_realtime drop table public.rooms;
      alter publication supabase_realtime set (publish = 'insert');
      alter publication mine set table public.lines, public.rooms;
      alter publication mine set (publish = 'delete', publish_via_partition_root);
      alter publication of_schema drop tables in schema feed;`,
    drop: `
      alter publication supabase_realtime drop table public.lines;
      drop publication mine;
      drop publication of_schema;
      drop table public.rooms, public.lines;
      drop schema feed;`,
  },
  {
    name: 'extensions with schema and version',
    create: `
      create extension hstore with schema extensions version '1.7';
      create schema fuzzy;
      create schema fuzzier;
      create extension fuzzystrmatch with schema fuzzy version '1.1';
      create table public.bags (id int primary key, things extensions.hstore);`,
    change: `
      alter extension fuzzystrmatch set schema fuzzier;
      create extension citext with schema extensions;`,
    drop: `
      drop table public.bags;
      drop extension hstore;
      drop extension citext;
      drop extension fuzzystrmatch;
      drop schema fuzzy, fuzzier;`,
  },
  {
    name: 'replica identity',
    create: `
      create table public.full_one (id int primary key, code text not null unique);
      create table public.by_index (id int primary key, code text not null);
      create unique index by_code on public.by_index (code);
      alter table public.full_one replica identity full;
      alter table public.by_index replica identity using index by_code;`,
    change: `
      alter table public.full_one replica identity nothing;
      alter table public.by_index replica identity full;`,
    drop: 'drop table public.full_one, public.by_index;',
  },
  {
    name: 'roles, memberships and settings',
    create: `
      create role app_reader nologin;
      create role app_writer login connection limit 7 valid until '2031-01-01 00:00:00+00' noinherit;
      create role app_admin createdb;
      comment on role app_reader is 'reads';
      grant app_reader to app_writer;
      grant app_writer to app_admin with admin option;
      grant app_reader to authenticator;
      grant anon to app_reader;
      alter role app_writer set statement_timeout = '5s';
      alter role app_writer set search_path = public, extensions;
      alter role anon set statement_timeout = '4s';
      alter role authenticator set pgrst.db_schemas = 'public, api';
      alter role authenticator set pgrst.db_max_rows = '100';
      alter role app_writer in database postgres set work_mem = '8MB';
      alter role anon in database postgres set lock_timeout = '2s';
      alter database postgres set idle_session_timeout = '1h';
      alter database postgres set search_path = public, "Odd name";`,
    change: `
      alter role app_writer connection limit 9 valid until 'infinity' inherit;
      alter role app_reader login;
      comment on role app_reader is 'reads all';
      revoke admin option for app_writer from app_admin;
      revoke app_reader from authenticator;
      alter role app_writer reset statement_timeout;
      alter role anon set statement_timeout = '9s';
      alter role authenticator set pgrst.db_schemas = 'public';
      alter role authenticator reset pgrst.db_max_rows;
      alter role app_writer in database postgres set work_mem = '16MB';
      alter role anon in database postgres reset lock_timeout;
      alter database postgres set idle_session_timeout = '2h';
      alter database postgres reset search_path;`,
    drop: `
      alter role authenticator reset pgrst.db_schemas;
      alter role anon set statement_timeout = '3s';
      alter database postgres reset idle_session_timeout;
      drop role app_admin;
      drop role app_writer;
      drop role app_reader;`,
  },
  {
    name: 'foreign servers and user mappings',
    create: `
      create extension postgres_fdw with schema extensions;
      create server elsewhere foreign data wrapper postgres_fdw options (host 'example.com', dbname 'x');
      create user mapping for postgres server elsewhere options (user 'me', password 'hidden');
      create user mapping for anon server elsewhere options (user 'nobody');
      grant usage on foreign server elsewhere to authenticated;`,
    change: `
      alter user mapping for anon server elsewhere options (set user 'somebody');
      alter user mapping for postgres server elsewhere options (set password 'other');
      alter server elsewhere options (set host 'example.org');
      revoke usage on foreign server elsewhere from authenticated;`,
    drop: `
      drop server elsewhere cascade;
      drop extension postgres_fdw;`,
  },
  {
    name: 'grants and default privileges',
    create: `
      create table public.closed (id int primary key, name text, pin text);
      create function public.secret() returns int language sql as 'select 1';
      create sequence public.tickets;
      revoke all on public.closed from anon, authenticated;
      grant select (id, name) on public.closed to anon;
      revoke execute on function public.secret from public, anon, authenticated;
      revoke all on sequence public.tickets from anon;
      grant select on auth.users to service_role;
      revoke usage on schema public from anon;
      alter default privileges for role postgres in schema public revoke execute on functions from anon, authenticated;
      alter default privileges for role postgres in schema public revoke all on tables from anon;
      alter default privileges for role postgres in schema public grant select on tables to anon;
      alter default privileges for role postgres revoke execute on functions from public;
      alter default privileges for role postgres grant usage on schemas to service_role;`,
    change: `
      grant all on public.closed to authenticated with grant option;
      revoke select (name) on public.closed from anon;
      grant execute on function public.secret to anon;
      grant usage on schema public to anon;
      revoke select on auth.users from service_role;
      alter default privileges for role postgres in schema public grant execute on functions to anon;
      alter default privileges for role postgres grant execute on functions to public;
      alter default privileges for role postgres revoke usage on schemas from service_role;`,
    drop: `
      drop table public.closed;
      drop function public.secret;
      drop sequence public.tickets;
      alter default privileges for role postgres in schema public grant execute on functions to authenticated;
      alter default privileges for role postgres in schema public grant all on tables to anon;`,
  },
];
