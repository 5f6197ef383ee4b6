insert into public.users values (1, 'a', 'Main 1', 'Rome'), (2, 'b', null, 'Oslo'), (3, 'c', 'Side 3', null);
