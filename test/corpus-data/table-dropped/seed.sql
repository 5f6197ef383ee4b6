insert into public.notes (body, at) values ('one', '2026-01-01 10:00:00+00'), ('two', '2026-01-02 10:00:00+00');
insert into public.other values (1);
