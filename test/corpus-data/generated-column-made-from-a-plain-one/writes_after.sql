update public.carts set net = 11 where id = 1;
insert into public.carts (id, net) values (4, 40);
