alter table public.boxes add column area numeric generated always as (w * h) stored;
alter table public.boxes add column search tsvector generated always as (to_tsvector('english', coalesce(title, ''))) stored;
create index boxes_search_idx on public.boxes using gin (search);
