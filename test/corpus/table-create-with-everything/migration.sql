create table public.projects (
  id uuid primary key default gen_random_uuid(),
  team_id bigint not null references public.teams (id) on delete cascade,
  title text not null check (char_length(title) between 1 and 200),
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (team_id, title)
);
create index projects_team_id_idx on public.projects (team_id);
alter table public.projects enable row level security;
create policy "Everyone reads projects" on public.projects for select using (true);
comment on table public.projects is 'What a team works on';
grant select on public.projects to anon;
