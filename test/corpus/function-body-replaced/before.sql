create function public.vat(net numeric) returns numeric language sql immutable as $$ select net * 0.19 $$;
create table public.receipts (net numeric, gross numeric generated always as (net + public.vat(net)) stored);
