create type public.unit as enum ('kg', 'm');
create table public.goods (id int primary key, unit public.unit, n int);
