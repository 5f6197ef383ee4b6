create table public.houses (id int primary key, area box, owner text, price numeric, sold boolean);
create index houses_area_idx on public.houses using gist (area);
create unique index houses_owner_idx on public.houses (upper(owner)) where not sold;
create index houses_price_idx on public.houses (price desc, owner) include (sold);
comment on index public.houses_price_idx is 'For the list page';
alter index public.houses_owner_idx alter column 1 set statistics 300;
