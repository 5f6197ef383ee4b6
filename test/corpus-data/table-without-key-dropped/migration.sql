drop table public.lines;
