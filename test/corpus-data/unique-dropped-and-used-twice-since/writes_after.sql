insert into public.people values (3, 'a@example.com'), (4, 'd@example.com');
