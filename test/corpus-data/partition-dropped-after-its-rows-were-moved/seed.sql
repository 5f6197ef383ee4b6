insert into public.t values (1, 1, 'a'), (1, 2, 'b'), (2, 3, 'c');
