drop table public.clicks;
