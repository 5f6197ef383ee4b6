create table public.carts (id int primary key, net numeric not null, gross numeric);
