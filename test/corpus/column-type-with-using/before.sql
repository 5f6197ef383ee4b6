create table public.imports (id int primary key, amount text, happened text default '2026-01-01');
insert into public.imports values (1, '12.50', '2026-02-03');
