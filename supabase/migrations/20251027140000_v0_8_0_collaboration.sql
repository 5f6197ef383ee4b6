-- v0.8.0 collaboration: several people in one mind.
--
-- Viewers read a mind and suggest changes, editors write in it, the owner decides who belongs to it.
-- minds.share_code goes: members take its place. Codes that are in use are lost with it.


-- Members -------------------------------------------------------------------------------------------------------------

create type public.member_role as enum ('viewer', 'editor');
comment on type public.member_role is 'In rising order: an editor may do what a viewer may. The owner is not a member.';

create table public.mind_members (
  mind_id     uuid not null references public.minds (id) on delete cascade,
  profile_id  uuid not null references public.profiles (id) on delete cascade,
  role        public.member_role not null default 'viewer',
  invited_by  uuid references public.profiles (id) on delete set null,
  joined_at   timestamptz not null default now(),
  primary key (mind_id, profile_id)
);
comment on table public.mind_members is 'Who else belongs to a mind. Rows are made by the server when an invitation is accepted.';
create index mind_members_profile_id_idx on public.mind_members (profile_id, role);
create index mind_members_invited_by_idx on public.mind_members (invited_by);

create table public.fragment_locks (
  fragment_id  uuid primary key references public.fragments (id) on delete cascade,
  holder_id    uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  expires_at   timestamptz not null,
  created_at   timestamptz not null default now(),
  constraint an_hour_at_most check (expires_at > created_at and expires_at <= created_at + interval '1 hour')
);
comment on table public.fragment_locks is 'Who is writing where, so that two editors do not overwrite each other. Taken with claim_fragment().';
create index fragment_locks_holder_id_idx on public.fragment_locks (holder_id);

create table public.fragment_suggestions (
  id           uuid primary key default gen_random_uuid(),
  fragment_id  uuid not null references public.fragments (id) on delete cascade,
  author_id    uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  body         text not null check (char_length(body) between 1 and 100000),
  note         text not null default '',
  state        text not null default 'open' check (state in ('open', 'taken', 'declined')),
  decided_by   uuid references public.profiles (id) on delete set null,
  created_at   timestamptz not null default now(),
  constraint open_ones_are_undecided check (state <> 'open' or decided_by is null)
);
comment on table public.fragment_suggestions is 'Changes proposed by members who may not write, or would rather ask.';
create index fragment_suggestions_open_idx on public.fragment_suggestions (fragment_id) where state = 'open';
create index fragment_suggestions_fragment_id_idx on public.fragment_suggestions (fragment_id);
create index fragment_suggestions_author_id_idx on public.fragment_suggestions (author_id);
create index fragment_suggestions_decided_by_idx on public.fragment_suggestions (decided_by);

create table public.mind_activity (
  id           bigint generated always as identity primary key,
  mind_id      uuid not null references public.minds (id) on delete cascade,
  actor_id     uuid references public.profiles (id) on delete set null,
  action       text not null check (action in ('added', 'edited', 'removed')),
  fragment_id  uuid not null,
  happened_at  timestamptz not null default now()
);
comment on table public.mind_activity is 'What happened in a mind. Written by record_fragment_change() only.';
comment on column public.mind_activity.fragment_id is 'No foreign key: the fragment may be gone, which is the news.';
create index mind_activity_mind_id_idx on public.mind_activity (mind_id, happened_at desc);
create index mind_activity_actor_id_idx on public.mind_activity (actor_id);


-- Changes to what is there --------------------------------------------------------------------------------------------

alter table public.minds add column last_activity_at timestamptz;
comment on column public.minds.last_activity_at is 'Null: nothing since v0.8.0. Kept by record_fragment_change().';

alter table public.fragments add column last_edited_by uuid references public.profiles (id) on delete set null;
comment on column public.fragments.last_edited_by is 'Null: not edited since v0.8.0, or edited by the server or by someone who has left.';
create index fragments_last_edited_by_idx on public.fragments (last_edited_by);

alter table public.plans add column max_members integer check (max_members >= 0);
comment on column public.plans.max_members is 'Per mind, besides its owner. Null means no limit.';
update public.plans set max_members = 0 where key = 'free';
update public.plans set max_members = 5 where key in ('plus', 'early');

alter table public.invitations
  add column mind_id uuid references public.minds (id) on delete cascade,
  add column role public.member_role,
  add constraint mind_and_role_go_together check ((mind_id is null) = (role is null));
comment on column public.invitations.mind_id is 'Null: an invitation to the product rather than to a mind.';
create index invitations_mind_id_idx on public.invitations (mind_id);
drop index public.invitations_one_open;
create unique index invitations_one_open on public.invitations (inviter_id, lower(email), mind_id) nulls not distinct
  where accepted_at is null;

alter table public.notifications
  drop constraint notifications_kind_check,
  add constraint notifications_kind_check
    check (kind in ('comment', 'reaction', 'follow', 'system', 'member', 'suggestion'));

update public.feature_flags set enabled = true where key = 'collaboration';

-- The view reads share_code, and a view can't lose a column in place: both go, and the view comes back.
drop view public.mind_overview;
alter table public.minds drop column share_code;

create view public.mind_overview with (security_invoker = true) as
  select minds.id, minds.owner_id, minds.slug, minds.title, minds.fragment_count, minds.last_activity_at,
         case when minds.owner_id = (select auth.uid()) then 'owner' else mine.role::text end as my_role,
         (select count(*) from public.mind_members where mind_members.mind_id = minds.id) as member_count,
         (select count(*) from public.sources where sources.mind_id = minds.id) as source_count
  from public.minds
  left join public.mind_members as mine on mine.mind_id = minds.id and mine.profile_id = (select auth.uid())
  where minds.archived_at is null;
comment on view public.mind_overview is 'The start page: the minds that the reader owns or belongs to.';


-- Functions -----------------------------------------------------------------------------------------------------------

create schema private;
comment on schema private is 'What policies need and the API must not offer. Not among the exposed schemas.';

create function private.reachable_minds(least_role public.member_role) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select minds.id from public.minds where minds.owner_id = (select auth.uid())
  union
  select mind_members.mind_id from public.mind_members
  where mind_members.profile_id = (select auth.uid()) and mind_members.role >= least_role
$$;
comment on function private.reachable_minds(public.member_role) is
  'The caller''s own minds, and those where the caller has this role or a higher one. SECURITY DEFINER, because the policies of minds and mind_members ask it about each other.';

create or replace function public.record_fragment_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  actor constant uuid := (select profiles.id from public.profiles where profiles.id = auth.uid());
  moved constant boolean := tg_op = 'UPDATE' and new.mind_id <> old.mind_id;
  edited constant boolean := tg_op = 'UPDATE' and new.content_hash <> old.content_hash;
begin
  -- Activity is written through minds, so that nothing is written for a mind that is going with its fragments.
  if tg_op = 'DELETE' or moved then
    update public.minds set fragment_count = fragment_count - 1, last_activity_at = now() where id = old.mind_id;
    insert into public.mind_activity (mind_id, actor_id, action, fragment_id)
    select minds.id, actor, 'removed', old.id from public.minds where minds.id = old.mind_id;
  end if;
  if tg_op = 'INSERT' or moved then
    update public.minds set fragment_count = fragment_count + 1, last_activity_at = now() where id = new.mind_id;
    insert into public.mind_activity (mind_id, actor_id, action, fragment_id)
    values (new.mind_id, actor, 'added', new.id);
  end if;
  if edited then
    update public.minds set last_activity_at = now() where id = new.mind_id;
    insert into public.mind_activity (mind_id, actor_id, action, fragment_id)
    values (new.mind_id, actor, 'edited', new.id);
  end if;

  if tg_op = 'INSERT' or edited then
    insert into public.fragment_revisions (fragment_id, revision, title, body, edited_by)
    select new.id, coalesce(max(earlier.revision), 0) + 1, new.title, new.body, actor
    from public.fragment_revisions as earlier
    where earlier.fragment_id = new.id;
  end if;

  return null;
end
$$;
comment on function public.record_fragment_change() is
  'Trigger on fragments: keeps the counts and dates of minds, writes fragment_revisions and mind_activity. SECURITY DEFINER, because people may write none of these.';

create function public.stamp_fragment_editor() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.last_edited_by := (select profiles.id from public.profiles where profiles.id = auth.uid());
  return new;
end
$$;
comment on function public.stamp_fragment_editor() is 'Trigger on fragments: notes who changed the text.';
create trigger stamp_editor before update of title, body on public.fragments
  for each row execute function public.stamp_fragment_editor();

create function public.claim_fragment(wanted uuid, minutes integer default 10) returns boolean
language plpgsql set search_path = '' as $$
begin
  delete from public.fragment_locks
  where fragment_id = wanted and (holder_id = (select auth.uid()) or expires_at <= now());

  insert into public.fragment_locks (fragment_id, expires_at)
  values (wanted, now() + make_interval(mins => least(greatest(minutes, 1), 60)))
  on conflict do nothing;
  return found;
end
$$;
comment on function public.claim_fragment(uuid, integer) is
  'Takes or renews the caller''s lock for 1 to 60 minutes. False: someone else is writing there.';


-- Row level security --------------------------------------------------------------------------------------------------

alter table public.mind_members          enable row level security;
alter table public.fragment_locks        enable row level security;
alter table public.fragment_suggestions  enable row level security;
alter table public.mind_activity         enable row level security;

drop policy "owners read and write" on public.minds;
create policy "owners and members read" on public.minds
  for select to authenticated
  using (owner_id = (select auth.uid()) or id in (select private.reachable_minds('viewer')));
create policy "owners create" on public.minds
  for insert to authenticated with check (owner_id = (select auth.uid()));
create policy "owners change" on public.minds
  for update to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "owners delete" on public.minds
  for delete to authenticated using (owner_id = (select auth.uid()));

drop policy "owners read and write" on public.sources;
create policy "members read" on public.sources
  for select to authenticated using (mind_id in (select private.reachable_minds('viewer')));
create policy "editors add" on public.sources
  for insert to authenticated with check (mind_id in (select private.reachable_minds('editor')));
create policy "editors change" on public.sources
  for update to authenticated using (mind_id in (select private.reachable_minds('editor')));
create policy "editors remove" on public.sources
  for delete to authenticated using (mind_id in (select private.reachable_minds('editor')));

drop policy "owners read and write" on public.fragments;
create policy "members read" on public.fragments
  for select to authenticated using (mind_id in (select private.reachable_minds('viewer')));
create policy "editors add" on public.fragments
  for insert to authenticated
  with check (
    mind_id in (select private.reachable_minds('editor'))
    and (source_id is null or exists (
      select 1 from public.sources where sources.id = source_id and sources.mind_id = fragments.mind_id))
  );
create policy "editors change" on public.fragments
  for update to authenticated
  using (mind_id in (select private.reachable_minds('editor')))
  with check (
    mind_id in (select private.reachable_minds('editor'))
    and (source_id is null or exists (
      select 1 from public.sources where sources.id = source_id and sources.mind_id = fragments.mind_id))
  );
create policy "editors remove" on public.fragments
  for delete to authenticated using (mind_id in (select private.reachable_minds('editor')));

drop policy "owners read" on public.fragment_revisions;
create policy "members read" on public.fragment_revisions
  for select to authenticated using (fragment_id in (
    select id from public.fragments where mind_id in (select private.reachable_minds('viewer'))));

drop policy "owners read and write" on public.fragment_links;
create policy "members read" on public.fragment_links
  for select to authenticated using (from_id in (
    select id from public.fragments where mind_id in (select private.reachable_minds('viewer'))));
create policy "editors add" on public.fragment_links
  for insert to authenticated with check ((
    select count(*) from public.fragments
    where id in (from_id, to_id) and mind_id in (select private.reachable_minds('editor'))) = 2);
create policy "editors remove" on public.fragment_links
  for delete to authenticated using (from_id in (
    select id from public.fragments where mind_id in (select private.reachable_minds('editor'))));

drop policy "owners read and write" on public.tags;
create policy "members read" on public.tags
  for select to authenticated using (mind_id in (select private.reachable_minds('viewer')));
create policy "editors add" on public.tags
  for insert to authenticated with check (mind_id in (select private.reachable_minds('editor')));
create policy "editors change" on public.tags
  for update to authenticated using (mind_id in (select private.reachable_minds('editor')));
create policy "editors remove" on public.tags
  for delete to authenticated using (mind_id in (select private.reachable_minds('editor')));

drop policy "owners read and write" on public.fragment_tags;
create policy "members read" on public.fragment_tags
  for select to authenticated using (tag_id in (
    select id from public.tags where mind_id in (select private.reachable_minds('viewer'))));
create policy "editors add" on public.fragment_tags
  for insert to authenticated with check (exists (
    select 1 from public.fragments join public.tags on tags.mind_id = fragments.mind_id
    where fragments.id = fragment_id and tags.id = tag_id
      and fragments.mind_id in (select private.reachable_minds('editor'))));
create policy "editors remove" on public.fragment_tags
  for delete to authenticated using (tag_id in (
    select id from public.tags where mind_id in (select private.reachable_minds('editor'))));

create policy "members see each other" on public.mind_members
  for select to authenticated using (mind_id in (select private.reachable_minds('viewer')));
create policy "owners remove members and members leave" on public.mind_members
  for delete to authenticated using (
    profile_id = (select auth.uid())
    or mind_id in (select id from public.minds where owner_id = (select auth.uid())));

create policy "members see who is writing" on public.fragment_locks
  for select to authenticated using (fragment_id in (
    select id from public.fragments where mind_id in (select private.reachable_minds('viewer'))));
create policy "editors take a lock for themselves" on public.fragment_locks
  for insert to authenticated with check (
    holder_id = (select auth.uid())
    and fragment_id in (select id from public.fragments where mind_id in (select private.reachable_minds('editor'))));
create policy "editors release their own and expired locks" on public.fragment_locks
  for delete to authenticated using (
    (holder_id = (select auth.uid()) or expires_at <= now())
    and fragment_id in (select id from public.fragments where mind_id in (select private.reachable_minds('editor'))));

create policy "members read" on public.fragment_suggestions
  for select to authenticated using (fragment_id in (
    select id from public.fragments where mind_id in (select private.reachable_minds('viewer'))));
create policy "members suggest" on public.fragment_suggestions
  for insert to authenticated with check (
    author_id = (select auth.uid())
    and fragment_id in (select id from public.fragments where mind_id in (select private.reachable_minds('viewer'))));
create policy "editors decide" on public.fragment_suggestions
  for update to authenticated
  using (fragment_id in (select id from public.fragments where mind_id in (select private.reachable_minds('editor'))))
  with check (decided_by = (select auth.uid()));

create policy "members read" on public.mind_activity
  for select to authenticated using (mind_id in (select private.reachable_minds('viewer')));


-- Grants: as in the baseline, nothing that is not written here ----------------------------------------------------------

revoke all on
  public.mind_members, public.fragment_locks, public.fragment_suggestions, public.mind_activity, public.mind_overview
  from anon, authenticated;
revoke all on sequence public.mind_activity_id_seq from anon, authenticated;
revoke execute on function public.stamp_fragment_editor(), public.claim_fragment(uuid, integer)
  from public, anon, authenticated;
revoke execute on function private.reachable_minds(public.member_role) from public;

grant select, insert, update, delete on
  public.mind_members, public.fragment_locks, public.fragment_suggestions, public.mind_activity, public.mind_overview
  to service_role;
grant usage, select on sequence public.mind_activity_id_seq to service_role;
grant usage on schema private to authenticated, service_role;
grant execute on function private.reachable_minds(public.member_role) to authenticated, service_role;
grant execute on function public.claim_fragment(uuid, integer) to authenticated, service_role;

grant select on public.mind_overview, public.mind_activity to authenticated;
grant select, delete on public.mind_members, public.fragment_locks to authenticated;
grant insert (fragment_id, expires_at) on public.fragment_locks to authenticated;
grant select, insert (fragment_id, body, note), update (state, decided_by) on public.fragment_suggestions to authenticated;
