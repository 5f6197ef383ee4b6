create table public.orders_new (id bigint primary key, total numeric not null, state text not null default 'open', code text);
insert into public.orders_new (id, total, code) select id, round(total), upper(code) from public.orders where note is distinct from 'junk';
alter table public.lines drop constraint lines_order_id_fkey;
drop table public.orders;
alter table public.orders_new rename to orders;
alter table public.orders rename constraint orders_new_pkey to orders_pkey;
alter table public.lines add foreign key (order_id) references public.orders (id);
