alter table public.tickets drop constraint priority_known;
