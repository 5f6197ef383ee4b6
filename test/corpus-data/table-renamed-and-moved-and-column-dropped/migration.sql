alter table public.orders rename to old_orders;
alter table public.old_orders set schema archive;
alter table archive.old_orders drop column memo;
create table public.orders (id int primary key, total numeric);
