update public.users set email = 'new@example.com' where id = 1;
update public.users set note = 'seen' where id = 3;
delete from public.users where id = 4;
insert into public.users values (5, 'E@example.com');
