create table public.page_hits (path text primary key, hits bigint not null default 0);
create unlogged table public.render_cache (key text primary key, html text);
