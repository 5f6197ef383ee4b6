alter table public.tickets drop constraint priority_known;
update public.tickets set priority = priority * 10 where id = 2;
