create table public.posts (
  id bigserial primary key,
  body text not null
);
create view public.recent_posts as select id, body from public.posts order by id desc limit 10;
alter table public.posts enable row level security;
create policy readable on public.posts for select using (true);
insert into public.posts (body) values ('one'), ('two');
