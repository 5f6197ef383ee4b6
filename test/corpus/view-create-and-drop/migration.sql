drop view public.active_staff;
create view public.former_staff as select id, name, fired_on from public.staff where fired_on is not null;
