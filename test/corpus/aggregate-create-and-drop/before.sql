create function public.mul(a numeric, b numeric) returns numeric language sql immutable as $$ select a * b $$;
create aggregate public.product(numeric) (sfunc = public.mul, stype = numeric, initcond = '1', parallel = safe);
comment on aggregate public.product(numeric) is 'Like sum, but times';
