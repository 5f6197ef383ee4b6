alter table public.lamps alter column id drop identity;
alter table public.switches alter column id add generated always as identity;
