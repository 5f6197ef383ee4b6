create table public.hotels (id int primary key);
alter table public.hotels enable row level security;
create policy p1 on public.hotels for select using (true);
