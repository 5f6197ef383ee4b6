/** What the platform's services do to their own schemas by themselves, as a superuser runs it. */
export const platformUpdate = `
set role supabase_auth_admin;
alter table auth.users add column passkeys jsonb default '{}' not null;
alter table auth.one_time_tokens rename column relates_to to related_to;
create table auth.new_things (id uuid primary key, user_id uuid references auth.users on delete cascade);
create index new_things_user on auth.new_things (user_id);
alter table auth.new_things enable row level security;
grant select on auth.new_things to postgres;
comment on table auth.new_things is 'Auth: new things.';
reset role;
set role supabase_storage_admin;
create function storage.search_v9(prefix text) returns setof text language sql stable as $$ select prefix $$;
create trigger keep_name before update on storage.buckets for each row execute function storage.enforce_bucket_name_length();
reset role;
drop function realtime.send_binary;
alter default privileges for role supabase_admin in schema realtime grant select on tables to service_role;
`;

/** Default privileges as projects made since 30 May 2026 have them: nothing is open to the API roles by itself. */
export const closedByDefault = `
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges for role postgres revoke execute on functions from public;
`;
