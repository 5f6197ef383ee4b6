create index articles_live_idx on public.articles (published_at desc nulls last) where not deleted;
create unique index articles_slug_idx on public.articles (lower(slug));
create index articles_author_idx on public.articles (author_id) include (title);
create index articles_data_idx on public.articles using gin (data jsonb_path_ops);
create index articles_tags_idx on public.articles using gin (tags) with (fastupdate = off);
create index articles_day_idx on public.articles using brin (published_at) with (pages_per_range = 32);
create index articles_title_idx on public.articles using hash (title);
create index articles_pattern_idx on public.articles (title collate "C" text_pattern_ops);
