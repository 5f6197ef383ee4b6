alter table public.secrets drop column value;
delete from public.secrets where id = 2;
