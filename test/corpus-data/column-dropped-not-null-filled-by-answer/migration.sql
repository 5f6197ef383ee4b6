alter table public.tickets drop column priority;
