create table public.venues (id int primary key, name text);
