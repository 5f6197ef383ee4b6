insert into public.accounts values (1, 100), (2, 0), (3, 33.33), (4, 50.5);
