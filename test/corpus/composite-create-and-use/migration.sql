create type public.address as (street text, city text, zip varchar(10));
comment on type public.address is 'Where post goes';
comment on column public.address.zip is 'Without blanks';
alter table public.venues add column address public.address;
create function public.one_line(a public.address) returns text language sql immutable as $$ select a.street || ', ' || a.city $$;
