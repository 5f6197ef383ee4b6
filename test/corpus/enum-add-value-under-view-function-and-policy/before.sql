create type public.visibility as enum ('private', 'team');
create table public.notes (
  id int primary key,
  owner_id uuid,
  visibility public.visibility not null default 'private',
  constraint team_has_owner check (visibility = 'private' or owner_id is not null)
);
create index notes_private_idx on public.notes (id) where visibility = 'private';
create view public.team_notes as select id, visibility from public.notes where visibility = 'team';
create function public.is_open(v public.visibility) returns boolean language sql immutable as $$ select v <> 'private' $$;
alter table public.notes enable row level security;
create policy team_reads on public.notes for select using (visibility = 'team');
