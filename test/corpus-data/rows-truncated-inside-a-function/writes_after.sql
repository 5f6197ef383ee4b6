insert into public.queue values (9, 'new');
insert into public.sessions values (9, 'z');
