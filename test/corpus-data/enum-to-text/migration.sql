alter table public.goods alter column unit type text using case unit when 'kg' then 'kilogram' when 'm' then 'metre' end;
drop type public.unit;
alter table public.goods alter column n type bigint;
