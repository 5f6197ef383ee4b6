create table public.stock (id int primary key, amount int);
create view public.stock_view as select id, amount from public.stock;
alter view public.stock_view alter column amount set default 5;
