create table public.coupons (id int primary key, code text, shop_id int);
create unique index coupons_code_idx on public.coupons (code, shop_id);
