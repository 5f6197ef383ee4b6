create table public.metrics (day date not null, value numeric) partition by range (day);
create table public.metrics_2025 partition of public.metrics for values from ('2025-01-01') to ('2026-01-01');
insert into public.metrics values ('2025-05-05', 1);
