insert into public.a_items values (1, 1), (2, 2);
insert into public.b_items values (1, 1), (2, 2);
insert into public.switches values ('b', true);
