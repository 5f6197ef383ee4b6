create table public.transfers (id int primary key, cents integer not null, at date not null default current_date);
create view public.transfers_by_day as select at, sum(cents) as cents from public.transfers group by at;
create view public.transfers_by_month as
  select date_trunc('month', at) as month, sum(cents) as cents from public.transfers_by_day group by 1;
comment on view public.transfers_by_month is 'For the invoice';
grant select on public.transfers_by_month to service_role;
revoke all on public.transfers_by_month from anon, authenticated;
insert into public.transfers (id, cents) values (1, 100);
