alter table public.fees alter column amount type integer using round(amount)::integer;
