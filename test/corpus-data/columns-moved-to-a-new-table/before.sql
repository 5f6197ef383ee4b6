create table public.users (id int primary key, name text not null, street text, city text default 'Bonn');
