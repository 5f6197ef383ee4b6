alter table public.contacts alter column email set not null;
alter table public.contacts alter column phone drop not null;
