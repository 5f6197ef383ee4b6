alter table public.posts rename to articles;
