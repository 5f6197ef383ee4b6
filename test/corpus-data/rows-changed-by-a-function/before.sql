create table public.accounts (id int primary key, balance numeric not null);
create function public.interest() returns int language plpgsql as $$
declare
  n int;
begin
  update public.accounts set balance = round(balance * 1.1, 2) where balance > 0;
  get diagnostics n = row_count;
  return n;
end
$$;
