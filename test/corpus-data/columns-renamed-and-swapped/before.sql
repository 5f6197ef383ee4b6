create table public.points (id int primary key, lat numeric, lng numeric);
