update public.orders set channel = 'phone' where id = 1;
update public.orders set total = 31 where id = 3;
insert into public.orders values (5, 'web', 50);
