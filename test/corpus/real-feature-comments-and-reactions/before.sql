create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  username text not null unique,
  created_at timestamptz not null default now()
);
create table public.posts (
  id bigint generated always as identity primary key,
  author_id uuid not null references public.profiles (id) on delete cascade,
  title text not null,
  body text not null default '',
  published_at timestamptz
);
alter table public.profiles enable row level security;
alter table public.posts enable row level security;
create policy "Profiles are public" on public.profiles for select using (true);
create policy "Published posts are public" on public.posts for select using (published_at is not null);
create policy "Authors manage their posts" on public.posts to authenticated
  using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
create view public.post_feed with (security_invoker = true) as
  select p.id, p.title, a.username, p.published_at
  from public.posts p join public.profiles a on a.id = p.author_id
  where p.published_at is not null;
