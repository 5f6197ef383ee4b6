update public.stock set amount = 6 where sku = 'c';
insert into public.stock values ('e', 1);
