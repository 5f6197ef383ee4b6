create table public.projects (id bigint generated always as identity primary key, name text not null unique, owner_id uuid not null);
create table public.tasks (
  id bigint generated always as identity primary key,
  project_id bigint not null references public.projects (id),
  title text not null,
  assignee uuid,
  done boolean not null default false
);
create index tasks_project_idx on public.tasks (project_id);
alter table public.projects enable row level security;
alter table public.tasks enable row level security;
create policy "Owners" on public.projects to authenticated using (owner_id = auth.uid());
create policy "Owners of the project" on public.tasks to authenticated using (
  exists (select 1 from public.projects p where p.id = tasks.project_id and p.owner_id = auth.uid())
);
create materialized view public.project_progress as
  select project_id, count(*) filter (where done) as done, count(*) as total from public.tasks group by project_id;
create unique index project_progress_idx on public.project_progress (project_id);
insert into public.projects (name, owner_id) values ('Moon', '00000000-0000-0000-0000-000000000001');
insert into public.tasks (project_id, title) select id, 'Rocket' from public.projects;
