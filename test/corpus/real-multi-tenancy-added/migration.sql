create schema app;
revoke all on schema app from public;
grant usage on schema app to authenticated, service_role;

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  slug text not null unique check (slug ~ '^[a-z0-9-]{3,40}$'),
  created_at timestamptz not null default now()
);
create type public.org_role as enum ('owner', 'member', 'guest');
create table public.organization_members (
  organization_id uuid references public.organizations (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  role public.org_role not null default 'member',
  primary key (organization_id, user_id)
);
create index organization_members_user_idx on public.organization_members (user_id);

insert into public.organizations (id, name, slug) values ('00000000-0000-0000-0000-0000000000aa', 'Everyone', 'everyone');

alter table public.projects add column organization_id uuid references public.organizations (id) on delete restrict;
update public.projects set organization_id = '00000000-0000-0000-0000-0000000000aa';
alter table public.projects alter column organization_id set not null;
alter table public.projects drop constraint projects_name_key;
alter table public.projects add constraint projects_name_per_organization unique (organization_id, name);
alter table public.tasks drop constraint tasks_project_id_fkey;
alter table public.tasks add constraint tasks_project_id_fkey
  foreign key (project_id) references public.projects (id) on delete cascade;
alter table public.tasks alter column assignee set default auth.uid();

create function app.is_member(org uuid, minimum public.org_role default 'guest') returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.organization_members m
    where m.organization_id = org and m.user_id = (select auth.uid()) and m.role <= minimum
  )
$$;
revoke execute on function app.is_member(uuid, public.org_role) from public;
grant execute on function app.is_member(uuid, public.org_role) to authenticated;

drop policy "Owners" on public.projects;
drop policy "Owners of the project" on public.tasks;
alter table public.projects drop column owner_id;
create policy "Members read projects" on public.projects for select to authenticated using (app.is_member(organization_id));
create policy "Members write projects" on public.projects for all to authenticated
  using (app.is_member(organization_id, 'member')) with check (app.is_member(organization_id, 'member'));
create policy "Members use tasks" on public.tasks to authenticated using (
  exists (select 1 from public.projects p where p.id = tasks.project_id and app.is_member(p.organization_id))
);
alter table public.organizations enable row level security;
alter table public.organization_members enable row level security;
create policy "Members see their organization" on public.organizations for select to authenticated using (app.is_member(id));
create policy "Members see members" on public.organization_members for select to authenticated using (app.is_member(organization_id));

drop materialized view public.project_progress;
create materialized view public.project_progress as
  select p.organization_id, t.project_id, count(*) filter (where t.done) as done, count(*) as total
  from public.tasks t join public.projects p on p.id = t.project_id group by 1, 2;
create unique index project_progress_idx on public.project_progress (project_id);
create index project_progress_org_idx on public.project_progress (organization_id);
