create table public.orders (id int primary key, channel text, total int);
