insert into public.live values (1, 'a', true), (2, 'b', false), (3, 'c', true);
insert into public.archive values (90, 'z');
