create table public.staff (id int primary key, name text, fired_on date);
create view public.active_staff (staff_id, staff_name) as select id, name from public.staff where fired_on is null;
comment on view public.active_staff is 'Still with us';
comment on column public.active_staff.staff_name is 'As on the badge';
revoke all on public.active_staff from anon;
