drop aggregate public.product(numeric);
create function public.longer(a text, b text) returns text language sql immutable as $$ select case when length(b) > length(a) then b else a end $$;
create aggregate public.longest(text) (sfunc = public.longer, stype = text, initcond = '');
