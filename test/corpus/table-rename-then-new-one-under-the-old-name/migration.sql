alter table public.orders rename to orders_legacy;
alter table public.orders_legacy rename constraint orders_pkey to orders_legacy_pkey;
create table public.orders (
  id uuid primary key default gen_random_uuid(),
  total numeric(12, 2) not null
);
