insert into public.tokens values (1, 'a', true), (2, 'b', false), (3, 'c', true);
