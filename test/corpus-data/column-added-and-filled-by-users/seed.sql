insert into public.tasks values (1, 'a'), (2, 'b');
