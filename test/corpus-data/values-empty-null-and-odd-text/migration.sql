alter table public.texts drop column body, drop column short;
