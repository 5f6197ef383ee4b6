alter table public.steps drop column no;
