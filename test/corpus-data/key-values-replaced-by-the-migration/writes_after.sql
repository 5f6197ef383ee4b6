update public.items set price = 21 where id = 102;
delete from public.items where id = 103;
insert into public.items values (104, 'd', 40);
