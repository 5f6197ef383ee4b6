update public.addresses set city = 'Paris' where user_id = 1;
insert into public.users values (4, 'd');
insert into public.addresses values (4, 'New 4', 'Kyiv');
delete from public.users where id = 3;
