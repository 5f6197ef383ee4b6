create table public.items (id int primary key, name varchar(10) unique not null);
