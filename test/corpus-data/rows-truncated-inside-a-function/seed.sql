insert into public.queue values (1, 'a'), (2, 'b'), (3, 'c');
insert into public.sessions values (1, 'x'), (2, 'y');
