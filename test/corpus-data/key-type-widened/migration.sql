alter table public.items alter column id type bigint;
alter table public.items alter column name type text using upper(name);
