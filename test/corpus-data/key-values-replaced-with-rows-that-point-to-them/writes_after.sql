insert into public.players values (4, 1001, 'd'), (5, 1003, 'e');
insert into public.teams values (1004, 'white');
insert into public.players values (6, 1004, 'f');
update public.players set team_id = 1002 where id = 2;
update public.teams set name = 'navy' where id = 1002;
