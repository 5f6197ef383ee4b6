alter table public.carts drop column gross;
alter table public.carts add column gross numeric generated always as (net * 1.2) stored;
