create table public.events (
  id bigint primary key,
  body text
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
create index events_body_idx on public.events (body) with (fillfactor = 70);
