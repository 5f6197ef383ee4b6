alter table public.boxes drop column w cascade;
