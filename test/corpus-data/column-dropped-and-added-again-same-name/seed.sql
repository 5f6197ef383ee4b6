insert into public.accounts values (1, 'joe', 1), (2, 'ann', 2), (3, null, 3);
