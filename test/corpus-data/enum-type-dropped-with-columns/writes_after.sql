insert into public.diary values ('2026-01-04', 'd');
delete from public.diary where day = '2026-01-02';
