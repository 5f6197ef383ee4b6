grant select (amount), insert (person, amount) on public.salaries to authenticated;
revoke select (person) on public.salaries from authenticated;
