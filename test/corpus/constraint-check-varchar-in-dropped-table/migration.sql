drop view public.small_parcels;
drop table public.parcels;
