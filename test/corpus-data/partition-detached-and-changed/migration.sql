alter table public.hits detach partition public.hits_2025;
alter table public.hits_2025 rename to hits_archive;
update public.hits_archive set url = 'old:' || url;
update public.hits set url = 'new:' || url;
