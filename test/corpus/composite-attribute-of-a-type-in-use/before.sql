create type public.money_amount as (amount numeric, currency text);
create table public.bills (id int primary key, total public.money_amount);
insert into public.bills values (1, row(10, 'EUR'));
