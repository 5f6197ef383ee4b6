create or replace function public.vat(net numeric) returns numeric language sql immutable strict as $$ select round(net * 0.2, 2) $$;
