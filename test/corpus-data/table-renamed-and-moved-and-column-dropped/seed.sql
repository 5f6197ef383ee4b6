insert into public.orders values (1, 10, 'a'), (2, 20, null), (3, 30, 'c');
