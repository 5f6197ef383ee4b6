alter table public.members drop column phone;
