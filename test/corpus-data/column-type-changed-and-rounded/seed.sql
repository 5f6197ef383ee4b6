insert into public.fees values (1, 12.50, 'a'), (2, 7.25, 'b'), (3, 3.00, 'c'), (4, 9.99, 'd');
