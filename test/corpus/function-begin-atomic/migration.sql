drop function public.rich();
alter table public.wallets add column owner text;
create function public.pay(wallet int, amount numeric) returns numeric language sql
begin atomic
  update public.wallets set balance = balance - amount where id = wallet;
  select balance from public.wallets where id = wallet;
end;
