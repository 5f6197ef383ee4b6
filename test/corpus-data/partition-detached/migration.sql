alter table public.hits detach partition public.hits_2025;
