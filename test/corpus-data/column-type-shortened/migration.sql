alter table public.labels alter column text type varchar(8) using left(text, 8);
