insert into public.hits values (4, '2026-05-05', '/d');
update public.hits set url = '/c2' where id = 3;
