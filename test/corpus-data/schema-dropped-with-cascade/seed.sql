insert into shop.orders (state, total) values ('paid', 9.90), ('new', null);
insert into shop.lines values (1, 1, 'a'), (1, 2, 'b'), (2, 1, '');
insert into public.people values (1, 1, 'new'), (2, null, null), (3, 2, 'paid');
