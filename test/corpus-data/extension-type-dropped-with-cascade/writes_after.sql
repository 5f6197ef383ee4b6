insert into public.logins values (3, '2026-01-03');
update public.logins set at = '2026-02-02' where id = 2;
