insert into public.teams values (1, 11), (2, 21);
insert into public.players values (11, 1), (12, 1), (21, 2);
insert into public.fans values (1, 'x');
