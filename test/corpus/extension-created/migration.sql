create extension if not exists citext schema extensions;
alter table public.inbox alter column address type extensions.citext;
create extension if not exists pg_trgm with schema extensions;
create index inbox_address_idx on public.inbox using gin ((address::text) extensions.gin_trgm_ops);
