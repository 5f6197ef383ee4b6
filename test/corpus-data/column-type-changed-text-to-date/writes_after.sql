update public.events set happened = '2026-02-02' where id = 3;
insert into public.events values (5, '2026-03-03', 'e');
