create table public.measurements (id int primary key, kind text, value double precision);
alter table public.measurements alter column kind set statistics 500;
