update public.events set what = 'a2' where id = 1;
delete from public.events where id = 3;
insert into public.events values (4, '2026-03-01', 'd');
