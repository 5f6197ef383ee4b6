drop index public.houses_area_idx;
drop index public.houses_owner_idx, public.houses_price_idx;
