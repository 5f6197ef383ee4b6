insert into public.owners values (1), (2);
insert into public.pets values (10, 1, 'a'), (11, null, 'b');
