update public.hits set url = '/a2' where id = 1;
insert into public.hits values (7, '2025-06-01', '/g'), (8, '2026-06-01', '/h');
