create table public.salaries (id int primary key, person text, amount numeric);
revoke all on public.salaries from anon, authenticated;
grant select (id, person) on public.salaries to authenticated;
