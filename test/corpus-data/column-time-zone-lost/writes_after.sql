update public.shifts set starts = '2026-05-01' where id = 3;
update public.shifts set note = 'a2' where id = 1;
