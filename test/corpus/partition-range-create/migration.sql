create table public.metrics_2026 partition of public.metrics for values from ('2026-01-01') to ('2027-01-01');
create table public.metrics_rest partition of public.metrics default;
