create extension if not exists pg_trgm schema extensions;
create table public.songs (id int primary key, title text not null);
create index songs_title_trgm on public.songs using gin (title extensions.gin_trgm_ops);
