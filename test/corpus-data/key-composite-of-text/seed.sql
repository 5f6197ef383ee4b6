insert into public.prices values ('a', 'x', 1.50, 'n1'), ('b', 'x', 2.00, null), ('a', 'y/"z"', 3.25, ''), ('', '', 0, 'empty');
