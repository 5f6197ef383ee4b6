create text search configuration public.plain_english (copy = pg_catalog.english);
alter text search configuration public.plain_english alter mapping for asciiword with simple;
create index texts_body_idx on public.texts using gin (to_tsvector('public.plain_english', body));
