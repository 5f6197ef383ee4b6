insert into public.users values (1, 'A@Example.com', true, null), (2, 'b@example.com', true, 'x'), (3, 'C@EXAMPLE.COM', false, null), (4, 'D@example.com', true, null);
