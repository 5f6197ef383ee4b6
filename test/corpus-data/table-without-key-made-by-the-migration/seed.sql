insert into public.base values (1, 'a'), (2, 'b');
