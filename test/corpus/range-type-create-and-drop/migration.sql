alter table public.shifts drop column hours;
drop type public.timerange;
create type public.versionrange as range (subtype = text, collation = "C");
alter table public.shifts add column versions public.versionrange;
