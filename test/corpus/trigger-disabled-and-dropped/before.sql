create table public.stops (id int primary key, name text);
create function public.no_change() returns trigger language plpgsql as $$ begin raise exception 'read only'; end $$;
create trigger stops_frozen before update or delete or truncate on public.stops for each statement execute function public.no_change('a', 'it''s');
alter table public.stops disable trigger stops_frozen;
