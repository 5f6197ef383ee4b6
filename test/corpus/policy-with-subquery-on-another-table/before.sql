create table public.groups (id int primary key);
create table public.group_members (group_id int references public.groups (id), user_id uuid, primary key (group_id, user_id));
create table public.group_posts (id int primary key, group_id int references public.groups (id));
alter table public.group_posts enable row level security;
create policy members_read on public.group_posts for select using (
  exists (select 1 from public.group_members m where m.group_id = group_posts.group_id and m.user_id = auth.uid())
);
