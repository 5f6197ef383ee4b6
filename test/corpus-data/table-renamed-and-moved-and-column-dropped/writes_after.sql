update archive.old_orders set total = 11 where id = 1;
insert into archive.old_orders values (4, 40);
insert into public.orders values (1, 99.5);
