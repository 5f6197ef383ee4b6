alter table public.parcels drop column weight;
update public.parcels set state = 'old' where region = 'us';
