insert into public.shifts values (1, '2026-03-29 01:30:00.123+00', 'a'), (2, 'infinity', 'b'), (3, null, 'c'), (4, '2026-10-25 00:30:00+00', 'd');
