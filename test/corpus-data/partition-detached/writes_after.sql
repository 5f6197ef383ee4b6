update public.hits_2025 set url = '/a2' where id = 1;
delete from public.hits_2025 where id = 2;
insert into public.hits_2025 values (7, '2025-06-01', '/g');
insert into public.hits values (4, '2026-05-05', '/d');
