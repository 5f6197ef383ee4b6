alter table public.jobs drop column state;
