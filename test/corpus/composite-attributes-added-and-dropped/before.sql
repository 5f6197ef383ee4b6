create type public.dimensions as (width numeric, height numeric, unit text);
create function public.area(d public.dimensions) returns numeric language sql immutable as $$ select d.width * d.height $$;
