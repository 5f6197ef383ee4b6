alter table public.points rename column lat to swap;
alter table public.points rename column lng to lat;
alter table public.points rename column swap to lng;
update public.points set lng = round(lng);
