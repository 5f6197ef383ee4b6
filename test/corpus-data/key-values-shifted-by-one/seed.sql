insert into public.steps values (1, 'a'), (2, 'b'), (3, 'c');
