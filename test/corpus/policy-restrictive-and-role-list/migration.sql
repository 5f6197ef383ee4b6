drop policy unlocked_only on public.vaults;
create policy unlocked_only on public.vaults as restrictive for select to anon, authenticated using (not locked and auth.role() <> 'anon');
alter policy owners on public.vaults to authenticated;
