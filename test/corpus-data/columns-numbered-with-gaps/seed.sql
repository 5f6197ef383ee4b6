insert into public.gaps values (1, 1, 'a', 10), (2, 2, 'b', 20), (3, 3, 'c', 30);
insert into public.goes (id, v) values (1, 'x'), (2, 'y');
insert into public.plain values (1, 'p'), (1, 'p'), (2, 'q');
