alter table public.animals drop column weight;
update public.animals set name = upper(name);
