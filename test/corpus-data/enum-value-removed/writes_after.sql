update public.pages set state = 'live' where id = 1;
update public.pages set title = 'c2' where id = 3;
insert into public.pages (id, title) values (5, 'e');
