update public.people set last_order = null where id = 3;
insert into public.people values (4, null);
