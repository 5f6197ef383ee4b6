alter table public.payments rename column amount_cents to amount;
alter table public.payments alter column amount drop default;
alter table public.payments alter column amount type numeric(12, 2) using amount / 100.0;
alter table public.payments alter column amount set default 0;
