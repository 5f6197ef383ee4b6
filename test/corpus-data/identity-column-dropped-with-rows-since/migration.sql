alter table public.entries drop column no;
