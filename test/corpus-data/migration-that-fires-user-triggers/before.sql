create table public.sales (id int primary key, amount int not null);
create table public.totals (name text primary key, amount int not null);
create function public.add_up() returns trigger language plpgsql as $$
begin
  update public.totals set amount = (select coalesce(sum(s.amount), 0) from public.sales s) where name = 'sales';
  return null;
end
$$;
create trigger sales_total after insert or update or delete on public.sales for each statement execute function public.add_up();
