insert into public.stock values ('a', 5), ('b', 0), ('c', 7);
insert into public.delivery values ('a', 3), ('d', 4), ('b', 0);
