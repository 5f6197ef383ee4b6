insert into public.docs values (1, 'one', 1), (2, 'two two', 2), (3, 'x', 1);
