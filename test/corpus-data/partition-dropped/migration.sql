drop table public.hits_2025;
