create type public.temperature as (degrees numeric, unit text);
create function public.to_temperature(value numeric) returns public.temperature language sql immutable as $$ select row(value, 'C')::public.temperature $$;
create table public.rooms (id int primary key);
