create table public.reports (id int primary key, body text);
grant select on public.reports to anon with grant option;
