create table public.goods (id int primary key, price int, code varchar(4), at date);
