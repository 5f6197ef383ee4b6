insert into public.lines values ('a', 1), ('a', 1), (null, null), ('b', 2);
insert into public.keyed values (1);
