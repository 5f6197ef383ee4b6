insert into public.carts values (1, 10, 11.5), (2, 20, 24), (3, 30, null);
