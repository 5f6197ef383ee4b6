create table public.vaults (id int primary key, owner uuid, locked boolean default true);
alter table public.vaults enable row level security;
create policy owners on public.vaults as permissive for all to authenticated, service_role using (owner = auth.uid());
create policy unlocked_only on public.vaults as restrictive for all to public using (not locked);
