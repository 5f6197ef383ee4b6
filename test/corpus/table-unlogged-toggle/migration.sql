alter table public.page_hits set unlogged;
alter table public.render_cache set logged;
