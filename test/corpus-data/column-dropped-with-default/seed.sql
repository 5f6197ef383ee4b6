insert into public.jobs values (1, 'done', 'a'), (2, 'new', 'b'), (3, 'stuck', 'c');
