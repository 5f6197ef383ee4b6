create table public.parcels (id int not null, region text not null, weight numeric, state text, primary key (id, region)) partition by list (region);
create table public.parcels_eu partition of public.parcels for values in ('eu');
create table public.parcels_us partition of public.parcels for values in ('us');
