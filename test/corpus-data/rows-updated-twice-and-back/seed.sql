insert into public.flags values (1, true, 1), (2, false, 2), (3, true, 3);
