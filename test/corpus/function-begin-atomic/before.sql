create table public.wallets (id int primary key, balance numeric not null default 0);
create function public.rich() returns setof public.wallets language sql stable
begin atomic
  select * from public.wallets where balance > 100;
end;
