alter table public.profiles rename column name to full_name;
alter table public.profiles add column name text generated always as (lower(full_name)) stored;
