insert into public.events values (1, '2026-01-05', 'a'), (2, 'last spring', 'b'), (3, null, 'c'), (4, '2026-1-7', 'd');
