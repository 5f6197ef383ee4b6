alter domain public.quantity drop not null;
alter domain public.quantity set default 0;
