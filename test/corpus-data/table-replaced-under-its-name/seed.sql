insert into public.orders values (1, 1.50, 'a', 'x'), (2, 2, 'b', 'y'), (3, 3, 'c', 'z'), (4, 4, 'junk', null);
insert into public.lines values (10, 1);
