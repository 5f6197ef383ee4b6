alter table public.pairs not of;
alter table public.loose of public.pair;
