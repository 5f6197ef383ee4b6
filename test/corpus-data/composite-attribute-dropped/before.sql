create type public.geo as (lat numeric, note text, lng numeric);
create type public.address as (street text, at public.geo);
create domain public.place as public.geo;
create table public.people (id int primary key, home public.address, spots public.geo[], main public.place, name text);
