alter table public.parents alter column id type bigint;
alter table public.children alter column parent_id type bigint;
