insert into public.pets values (12, 7, 'c'), (13, 2, 'd');
delete from public.owners where id = 1;
update public.pets set owner = null where id = 10;
