alter table public.log drop column no;
