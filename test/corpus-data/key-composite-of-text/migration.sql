alter table public.prices drop column net;
update public.prices set note = 'checked' where note is null;
