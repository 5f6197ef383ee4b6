insert into public.teams values (1, 'red'), (2, 'blue'), (3, 'green');
insert into public.players values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
