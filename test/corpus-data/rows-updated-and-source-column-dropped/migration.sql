alter table public.people add column name text;
update public.people set name = concat_ws(' ', first, last);
alter table public.people alter column name set not null, drop column first, drop column last;
