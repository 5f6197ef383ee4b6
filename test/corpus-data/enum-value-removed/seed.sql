insert into public.pages values (1, 'review', 'a'), (2, 'live', 'b'), (3, 'review', 'c'), (4, 'draft', 'd');
