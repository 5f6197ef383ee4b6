create schema private;
revoke all on schema private from public;
grant usage on schema private to service_role;
create type private.level as enum ('reader', 'writer');
create table private.keys (id serial primary key, level private.level not null default 'reader', secret text not null);
create table public.clients (id int primary key, key_id int references private.keys (id), level private.level);
create function private.level_of(client int) returns private.level language sql stable security definer set search_path = ''
as $$ select level from public.clients where id = client $$;
create view public.client_levels as select id, private.level_of(id) as level from public.clients;
alter table public.clients enable row level security;
create policy writers on public.clients using (private.level_of(id) = 'writer');
insert into private.keys (secret) values ('x');
insert into public.clients values (1, 1, 'writer');
