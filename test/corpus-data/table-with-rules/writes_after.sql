insert into public.ruled values (3, 'of a user', 30), (4, 'new', 4);
