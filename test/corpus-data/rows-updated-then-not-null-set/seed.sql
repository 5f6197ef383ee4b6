insert into public.orders values (1, null, 10), (2, 'shop', 20), (3, null, 30), (4, '', 40);
