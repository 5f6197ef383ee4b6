alter table public.animals add column weight numeric default 0;
create table public.cats (indoor boolean) inherits (public.animals);
