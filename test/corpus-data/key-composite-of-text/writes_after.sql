insert into public.prices values ('b', 'y/"z"', 'new');
update public.prices set note = 'mine' where shop = 'a' and sku = 'x';
