insert into public.pets values (1, 'cat', 'a'), (2, 'dog', 'b');
