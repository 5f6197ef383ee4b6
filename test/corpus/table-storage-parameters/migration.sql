alter table public.events set (autovacuum_enabled = false, fillfactor = 60);
alter table public.events reset (autovacuum_vacuum_scale_factor);
alter index public.events_body_idx reset (fillfactor);
