drop view public.folder_paths;
alter table public.folders alter column name type varchar(120);
