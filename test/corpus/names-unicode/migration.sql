alter table public.größen drop column 備考;
alter table public.größen add column état public.état not null default 'fermé';
drop function public.größer(numeric);
create index größen_länge_idx on public.größen (länge);
