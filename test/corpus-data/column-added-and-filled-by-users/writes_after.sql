update public.tasks set due = '2026-12-24', tags = '{x}' where id = 1;
insert into public.tasks values (3, 'c', '2027-01-01', '{y,z}');
insert into public.tags values ('x'), ('y');
