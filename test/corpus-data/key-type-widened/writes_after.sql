update public.items set name = 'mine' where id = 2;
insert into public.items values (4, 'd');
delete from public.items where id = 3;
