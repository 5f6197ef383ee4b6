create type public.address as (street text, zip text);
create table public.shops (id int primary key, home public.address, others public.address[], name text);
