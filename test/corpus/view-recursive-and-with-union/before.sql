create table public.folders (id int primary key, parent_id int references public.folders (id), name text not null);
create recursive view public.folder_paths (id, path) as
  select id, name from public.folders where parent_id is null
  union all
  select f.id, p.path || '/' || f.name from public.folders f join folder_paths p on p.id = f.parent_id;
