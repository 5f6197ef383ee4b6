create table public.products (
  id int primary key,
  price numeric(10, 2) not null,
  discount numeric(10, 2) default 0,
  constraint discount_below_price check (discount <= price)
);
create index products_discount_idx on public.products (discount) where discount > 0;
create view public.discounted_products as select id, price - discount as final from public.products where discount > 0;
