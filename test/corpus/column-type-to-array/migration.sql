alter table public.recipes alter column tag type text[] using case when tag is null then '{}' else array[tag] end;
alter table public.recipes alter column tag set default '{}';
