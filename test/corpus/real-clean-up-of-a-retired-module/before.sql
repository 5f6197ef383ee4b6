create schema legacy;
create type legacy.import_state as enum ('new', 'ok', 'bad');
create domain legacy.external_id as text check (value ~ '^[A-Z]{2}[0-9]+$');
create table legacy.imports (
  id serial primary key,
  external legacy.external_id not null unique,
  state legacy.import_state not null default 'new',
  payload jsonb,
  at timestamptz default now()
);
create index imports_payload_idx on legacy.imports using gin (payload);
create table public.customers (
  id bigint generated always as identity primary key,
  name text not null,
  import_id int constraint customers_import_fk references legacy.imports (id) on delete set null,
  imported_as legacy.external_id,
  source varchar(10) not null default 'web' constraint customers_source_check check (source in ('web', 'shop', 'import'))
);
create index customers_import_idx on public.customers (import_id) where import_id is not null;
create function legacy.next_bad() returns setof legacy.imports language sql stable as $$ select * from legacy.imports where state = 'bad' $$;
create function legacy.mark() returns trigger language plpgsql as $$ begin new.state := 'ok'; return new; end $$;
create trigger imports_mark before update on legacy.imports for each row when (new.payload is not null) execute function legacy.mark();
create view public.import_overview as
  select i.state, count(c.id) as customers from legacy.imports i left join public.customers c on c.import_id = i.id group by i.state;
grant select on public.import_overview to service_role;
alter table legacy.imports enable row level security;
create policy service_only on legacy.imports to service_role using (true) with check (true);
grant usage on schema legacy to service_role;
grant select, insert on legacy.imports to service_role;
alter default privileges in schema legacy grant select on tables to service_role;
comment on schema legacy is 'Import of the old shop';
insert into legacy.imports (external) values ('DE1');
insert into public.customers (name, import_id, imported_as, source) values ('A', 1, 'DE1', 'import');
