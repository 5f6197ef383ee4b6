insert into public.firms values (1, 'a'), (2, 'b');
insert into public.desks values (0, 2), (10, 1), (11, 1), (20, 2);
insert into public.lamps values (1, 10, 'red'), (2, 20, 'blue'), (3, 11, 'green');
insert into public.chairs values (1, 10), (2, 20);
