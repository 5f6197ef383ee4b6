drop table public.cursors;
