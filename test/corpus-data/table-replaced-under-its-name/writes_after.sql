update public.orders set total = 99 where id = 2;
delete from public.orders where id = 3;
insert into public.orders values (5, 5, 'paid', 'v');
update public.orders set state = 'paid' where id = 1;
insert into public.lines values (11, 5);
