alter table public.log drop column note;
