create table public.orders (id int primary key, total numeric not null, note text, code varchar(5));
create table public.lines (id int primary key, order_id int references public.orders (id));
