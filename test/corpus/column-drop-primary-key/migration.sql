alter table public.logs drop column id;
