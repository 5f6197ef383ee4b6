create table public.cars (id int primary key, make text, price numeric);
create view public.car_list as select id, make from public.cars;
grant select on public.car_list to anon;
create view public.car_count as select count(*) as n from public.car_list;
