create table public.posts (id int primary key, author uuid not null, published boolean not null default false);
alter table public.posts enable row level security;
create policy "Authors see their own posts" on public.posts for select to authenticated using (author = auth.uid());
create policy "Authors write" on public.posts for insert to authenticated with check (author = auth.uid());
create policy old_one on public.posts for delete using (false);
comment on policy old_one on public.posts is 'Nobody deletes';
