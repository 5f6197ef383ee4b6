insert into public.teams values (1, 'white');
insert into public.players values (4, 1, 'w'), (5, 1001, 'd'), (6, 1002, 'e');
update public.players set name = 'b2' where id = 2;
insert into public.steps values (4, 'end');
insert into public.notes values (4, 4), (5, 3);
