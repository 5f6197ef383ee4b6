create table public.parcels (id int primary key, postcode text not null, weight numeric);
create index concurrently parcels_postcode_idx on public.parcels (postcode text_pattern_ops);
