create table public.secrets (id int primary key, owner uuid, value text, hint text);
alter table public.secrets enable row level security;
alter table public.secrets force row level security;
create policy nobody on public.secrets using (false) with check (false);
