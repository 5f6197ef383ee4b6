insert into public.tickets values (1, 3, 'a'), (2, 1, 'b'), (3, 2, 'c');
