drop index public.coupons_code_idx;
create unique index coupons_code_idx on public.coupons (code, shop_id) nulls not distinct;
