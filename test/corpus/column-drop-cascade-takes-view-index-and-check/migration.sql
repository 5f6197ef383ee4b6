alter table public.products drop column discount cascade;
