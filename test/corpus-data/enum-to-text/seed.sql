insert into public.goods values (1, 'kg', 1), (2, 'm', 2), (3, null, 3);
