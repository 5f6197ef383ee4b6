create table public.address (street text, city text);
create table public.customers (id int primary key, home public.address, others public.address[]);
create function public.format_address(a public.address) returns text language sql immutable as $$ select a.street || ' ' || a.city $$;
