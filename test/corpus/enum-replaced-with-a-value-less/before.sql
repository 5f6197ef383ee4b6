create type public.order_status as enum ('draft', 'sent', 'lost', 'paid');
create table public.orders (id int primary key, status public.order_status not null default 'draft');
insert into public.orders values (1, 'sent'), (2, 'lost');
