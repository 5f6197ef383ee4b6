update public.profiles set data = data || '{"name": "A2"}' where id = 1;
delete from public.profiles where id = 4;
insert into public.profiles values (5, '{"old": 5}');
