drop function public.fmt(date);
create function public.fmt(value boolean) returns text language sql immutable as $$ select case when value then 'yes' else 'no' end $$;
alter function public.fmt(int) rename to fmt_int;
