import { withClient } from '../../src/target/connection.ts';
import type { Site } from './site.ts';

/** What people make in the SQL editor of a project that has no migrations: in places that a dump of the public schema forgets, too. */
export const madeByHand = `
create role app_worker noinherit login;
create role app_reader;
alter role app_reader set statement_timeout = '7s';
grant app_reader to app_worker;
grant app_reader to authenticator;
create schema app;
grant usage on schema app to app_reader, authenticated;
create type app.mood as enum ('sad', 'glad');
create table app.notes (id bigint generated always as identity primary key, owner uuid references auth.users, body text not null check (length(body) < 1000), mood app.mood default 'glad');
create index notes_owner on app.notes (owner);
create statistics app.notes_stats on owner, mood from app.notes;
alter table app.notes enable row level security;
create policy "own notes" on app.notes to authenticated using (owner = (select auth.uid()));
grant select on app.notes to app_reader;
create table public.plans (name text primary key, price numeric(8, 2));
comment on table public.plans is 'what can be bought';
revoke all on public.plans from anon;
create table public.closed (id int primary key);
revoke all on public.closed from anon, authenticated, service_role;
create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$ begin return new; end $$;
revoke execute on function public.handle_new_user() from public, anon, authenticated;
create view public.cheap as select name from public.plans where price < 10;
create extension if not exists citext with schema extensions;
alter default privileges for role postgres in schema public revoke all on tables from anon;
alter default privileges for role postgres in schema app grant select on tables to app_reader;
alter publication supabase_realtime add table public.plans;
revoke usage on schema public from anon;
`;

/** The same where only the platform's own rights allow it. */
const madeByPlatformRights = `
create policy "avatars for all" on storage.objects for select using (bucket_id = 'avatars');
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();
create function public.on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger on_ddl on ddl_command_end execute function public.on_ddl();
`;

export async function makeProject({ database }: Site): Promise<void> {
  await withClient(database, async (client) => {
    await client.query(madeByHand);
    await client.query('select supabase_migrations.supasnap_platform_rights(true)');
    await client.query(madeByPlatformRights);
    await client.query('select supabase_migrations.supasnap_platform_rights(false)');
    await client.query("insert into public.plans values ('free', 0); insert into app.notes (body) values ('kept')");
  });
}

/** Roles are of the whole server, and outlive the database of a test. */
export async function forgetRoles({ server, database }: Site): Promise<void> {
  await withClient({ ...server.superuser, database: database.database }, (client) =>
    client.query('drop owned by app_worker, app_reader cascade; drop role app_worker, app_reader'),
  );
}
