insert into public.teams values (1, 'red'), (2, 'blue'), (3, 'green');
insert into public.players values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
insert into public.steps values (2, 'a'), (3, 'b'), (4, 'c');
insert into public.notes values (1, 2), (2, 3), (3, 4);
