update public.fees set amount = 20 where id = 1;
update public.fees set label = 'b2' where id = 2;
insert into public.fees values (5, 5, 'e');
delete from public.fees where id = 4;
