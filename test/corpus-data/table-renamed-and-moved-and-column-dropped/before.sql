create schema archive;
create table public.orders (id int primary key, total int, memo text);
