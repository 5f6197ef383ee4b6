drop view public.transfers_by_month;
drop view public.transfers_by_day;
alter table public.transfers alter column cents type bigint;
create view public.transfers_by_day as select at, sum(cents) as cents from public.transfers group by at;
create view public.transfers_by_month as
  select date_trunc('month', at) as month, sum(cents) as cents from public.transfers_by_day group by 1;
