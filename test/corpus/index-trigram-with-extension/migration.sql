drop index public.songs_title_trgm;
create index songs_title_gist on public.songs using gist (title extensions.gist_trgm_ops);
