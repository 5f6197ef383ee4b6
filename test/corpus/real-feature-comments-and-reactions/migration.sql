create type public.reaction_kind as enum ('like', 'laugh', 'sad');

create table public.comments (
  id bigint generated always as identity primary key,
  post_id bigint not null references public.posts (id) on delete cascade,
  author_id uuid not null references public.profiles (id) on delete cascade,
  parent_id bigint references public.comments (id) on delete cascade,
  body text not null check (char_length(body) between 1 and 5000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index comments_post_idx on public.comments (post_id, created_at);
create index comments_author_idx on public.comments (author_id);
create index comments_parent_idx on public.comments (parent_id) where parent_id is not null;

create table public.reactions (
  comment_id bigint not null references public.comments (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind public.reaction_kind not null default 'like',
  primary key (comment_id, user_id)
);
create index reactions_user_idx on public.reactions (user_id);

alter table public.posts add column comment_count integer not null default 0;
comment on column public.posts.comment_count is 'Kept by a trigger on comments';

create function public.set_updated_at() returns trigger language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create function public.count_comments() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    update public.posts set comment_count = comment_count + 1 where id = new.post_id;
  else
    update public.posts set comment_count = comment_count - 1 where id = old.post_id;
  end if;
  return null;
end
$$;
revoke execute on function public.count_comments() from public, anon, authenticated;

create trigger comments_updated_at before update on public.comments
  for each row execute function public.set_updated_at();
create trigger comments_counted after insert or delete on public.comments
  for each row execute function public.count_comments();

alter table public.comments enable row level security;
alter table public.reactions enable row level security;
create policy "Comments of published posts are public" on public.comments for select using (
  exists (select 1 from public.posts p where p.id = comments.post_id and p.published_at is not null)
);
create policy "Members comment" on public.comments for insert to authenticated with check (author_id = (select auth.uid()));
create policy "Members edit their comments" on public.comments for update to authenticated
  using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
create policy "Reactions are public" on public.reactions for select using (true);
create policy "Members react" on public.reactions to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

drop view public.post_feed;
create view public.post_feed with (security_invoker = true) as
  select p.id, p.title, a.username, p.published_at, p.comment_count
  from public.posts p join public.profiles a on a.id = p.author_id
  where p.published_at is not null;
grant select on public.post_feed to anon, authenticated;

alter publication supabase_realtime add table public.comments;
