create type public.span as (from_day date, to_day date);
create view public.this_year as select row(date '2026-01-01', date '2026-12-31')::public.span as span;
create type public.pair as (a int, b int);
