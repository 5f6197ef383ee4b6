insert into public.queue values (1, 'a'), (2, 'b');
