create table public.orders (
  id bigint primary key,
  payload jsonb not null
);
insert into public.orders values (1, '{"total": 5}');
grant select on public.orders to authenticated;
