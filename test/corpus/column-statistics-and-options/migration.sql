alter table public.measurements alter column kind set statistics -1;
alter table public.measurements alter column value set statistics 200;
alter table public.measurements alter column kind set (n_distinct = 12);
