alter table public.hosts drop column ip;
