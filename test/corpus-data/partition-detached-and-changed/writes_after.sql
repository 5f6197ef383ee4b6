update public.hits_archive set url = 'mine' where id = 1;
insert into public.hits values (4, '2026-05-05', '/d');
