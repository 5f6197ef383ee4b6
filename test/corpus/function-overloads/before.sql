create function public.fmt(value int) returns text language sql immutable as $$ select value::text $$;
create function public.fmt(value numeric, digits int) returns text language sql immutable as $$ select round(value, digits)::text $$;
create function public.fmt(value date) returns text language sql immutable as $$ select to_char(value, 'YYYY') $$;
