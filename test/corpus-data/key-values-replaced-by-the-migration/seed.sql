insert into public.items values (1, 'a', 10), (2, 'b', 20), (3, 'c', 30);
