-- v0.7.0 baseline: people keep "minds" (personal knowledge spaces) made of "fragments" (notes, clips, ideas),
-- and publish what comes out of them for the audiences they describe.
--
-- Rules of this schema
--   Row level security is on for every table.
--   A table without a policy is closed to the API roles on purpose: only the server (service_role) uses it.
--   Grants are written out at the end, so that access does not depend on a project's default privileges.


-- Types ---------------------------------------------------------------------------------------------------------------

create type public.fragment_kind as enum ('note', 'clip', 'quote', 'idea', 'question');
create type public.publication_state as enum ('scheduled', 'live', 'withdrawn');
create type public.subscription_state as enum ('trialing', 'active', 'past_due', 'cancelled');
create type public.job_state as enum ('queued', 'running', 'done', 'failed');

create domain public.slug as text
  constraint slug_form check (value ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(value) <= 60);
comment on domain public.slug is 'The readable part of an address: lower-case words joined by hyphens.';


-- Reference data: rows come from the seed migration -------------------------------------------------------------------

create table public.plans (
  key            text primary key,
  name           text not null,
  monthly_cents  integer not null check (monthly_cents >= 0),
  max_minds      integer check (max_minds > 0),
  max_fragments  integer check (max_fragments > 0),
  storage_mb     integer not null check (storage_mb > 0),
  is_offered     boolean not null default true,
  position       smallint not null default 0
);
comment on table public.plans is 'What people can subscribe to. Closed to the API: the pricing page comes from the server.';
comment on column public.plans.max_minds is 'Null means no limit.';
comment on column public.plans.is_offered is 'False for plans that keep their subscribers but take no new ones.';

create table public.feature_flags (
  key              text primary key,
  description      text not null,
  enabled          boolean not null default false,
  rollout_percent  smallint not null default 100 check (rollout_percent between 0 and 100)
);
comment on table public.feature_flags is 'Switches for unfinished features. Closed to the API: the server evaluates them.';

create table public.reaction_kinds (
  key       text primary key,
  label     text not null,
  position  smallint not null unique
);
comment on table public.reaction_kinds is 'Ways to react to a publication. Closed to the API: shipped with the app.';

create table public.tag_categories (
  key          text primary key,
  label        text not null,
  description  text not null default ''
);
comment on table public.tag_categories is 'Groups that tags are shown under. Closed to the API: shipped with the app.';


-- People --------------------------------------------------------------------------------------------------------------

create table public.profiles (
  id            uuid primary key references auth.users (id) on delete cascade,
  handle        public.slug not null unique,
  display_name  text not null check (char_length(display_name) between 1 and 80),
  bio           text not null default '' check (char_length(bio) <= 500),
  avatar_path   text,
  locale        text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  time_zone     text not null default 'UTC',
  is_public     boolean not null default false,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint handle_length check (char_length(handle) between 3 and 40)
);
comment on table public.profiles is 'One row per person, made by provision_user_profile() when the person signs up.';
comment on column public.profiles.is_public is 'False until the person says otherwise: nobody else sees the profile.';

create table public.subscriptions (
  id            uuid primary key default gen_random_uuid(),
  profile_id    uuid not null references public.profiles (id) on delete cascade,
  plan_key      text not null references public.plans (key),
  state         public.subscription_state not null default 'active',
  period_start  timestamptz not null default now(),
  period_end    timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint period_runs_forward check (period_end > period_start)
);
comment on table public.subscriptions is 'Who pays for what. Closed to the API: written by the payment webhook.';
comment on column public.subscriptions.period_end is 'Null for the free plan, which does not end.';
create unique index subscriptions_one_current on public.subscriptions (profile_id) where state <> 'cancelled';
create index subscriptions_profile_id_idx on public.subscriptions (profile_id);
create index subscriptions_plan_key_idx on public.subscriptions (plan_key);

create table public.usage_counters (
  profile_id  uuid not null references public.profiles (id) on delete cascade,
  metric      text not null check (metric in ('fragments', 'storage_mb', 'api_calls', 'words_published')),
  month       date not null check (extract(day from month) = 1),
  used        bigint not null default 0 check (used >= 0),
  primary key (profile_id, metric, month)
);
comment on table public.usage_counters is 'What each person used in a month. Closed to the API: counted by the server.';
comment on column public.usage_counters.month is 'The first day of the month.';

create table public.api_keys (
  id            uuid primary key default gen_random_uuid(),
  profile_id    uuid not null references public.profiles (id) on delete cascade,
  name          text not null check (char_length(name) between 1 and 60),
  prefix        text not null check (char_length(prefix) = 8),
  key_hash      bytea not null unique check (octet_length(key_hash) = 32),
  scopes        text[] not null default '{read}',
  last_used_at  timestamptz,
  expires_at    timestamptz,
  revoked_at    timestamptz,
  created_at    timestamptz not null default now(),
  constraint scopes_are_known check (scopes <@ array['read', 'write', 'publish'] and cardinality(scopes) > 0)
);
comment on table public.api_keys is 'Keys for people''s own scripts. Closed to the API: hashes never leave the server.';
comment on column public.api_keys.key_hash is 'SHA-256 of the key. The key itself is shown once and kept nowhere.';
comment on column public.api_keys.prefix is 'The first eight characters, so that people can tell their keys apart.';
create index api_keys_profile_id_idx on public.api_keys (profile_id);

create table public.notification_preferences (
  profile_id    uuid primary key references public.profiles (id) on delete cascade,
  email_digest  text not null default 'weekly' check (email_digest in ('off', 'daily', 'weekly')),
  on_comment    boolean not null default true,
  on_reaction   boolean not null default false,
  on_follow     boolean not null default true,
  quiet_from    time,
  quiet_until   time,
  constraint quiet_hours_have_both_ends check ((quiet_from is null) = (quiet_until is null))
);
comment on table public.notification_preferences is 'When and about what to write to people. Closed to the API.';

create table public.invitations (
  id           uuid primary key default gen_random_uuid(),
  inviter_id   uuid not null references public.profiles (id) on delete cascade,
  email        text not null check (email like '%_@_%'),
  code_hash    bytea not null unique check (octet_length(code_hash) = 32),
  accepted_by  uuid references public.profiles (id) on delete set null,
  accepted_at  timestamptz,
  expires_at   timestamptz not null default now() + interval '14 days',
  created_at   timestamptz not null default now()
);
comment on table public.invitations is 'Invitations to join. Closed to the API: they hold addresses of people who have not agreed yet.';
create index invitations_inviter_id_idx on public.invitations (inviter_id);
create index invitations_accepted_by_idx on public.invitations (accepted_by);
create unique index invitations_one_open on public.invitations (inviter_id, lower(email)) where accepted_at is null;


-- Minds and fragments -------------------------------------------------------------------------------------------------

create table public.minds (
  id              uuid primary key default gen_random_uuid(),
  owner_id        uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  slug            public.slug not null,
  title           text not null check (char_length(title) between 1 and 120),
  description     text not null default '' check (char_length(description) <= 2000),
  colour          text check (colour ~ '^#[0-9a-f]{6}$'),
  share_code      text check (char_length(share_code) >= 16),
  fragment_count  integer not null default 0 check (fragment_count >= 0),
  archived_at     timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  unique (owner_id, slug)
);
comment on table public.minds is 'A personal knowledge space.';
comment on column public.minds.share_code is 'Lets the server show the mind to whoever has the code. To go when minds have members.';
comment on column public.minds.fragment_count is 'Kept by record_fragment_change().';
create unique index minds_share_code_key on public.minds (share_code) where share_code is not null;

create table public.sources (
  id           uuid primary key default gen_random_uuid(),
  mind_id      uuid not null references public.minds (id) on delete cascade,
  medium       text not null check (medium in ('web', 'book', 'paper', 'audio', 'video', 'person', 'other')),
  title        text not null check (char_length(title) between 1 and 300),
  author       text,
  url          text check (url ~* '^https?://[^[:space:]]+$'),
  captured_at  timestamptz not null default now(),
  constraint web_sources_have_an_address check (medium <> 'web' or url is not null)
);
comment on table public.sources is 'Where a fragment came from.';
create index sources_mind_id_idx on public.sources (mind_id);
create unique index sources_url_once_per_mind on public.sources (mind_id, url) where url is not null;

create table public.fragments (
  id            uuid primary key default gen_random_uuid(),
  mind_id       uuid not null references public.minds (id) on delete cascade,
  author_id     uuid default auth.uid() references public.profiles (id) on delete set null,
  source_id     uuid references public.sources (id) on delete set null,
  kind          public.fragment_kind not null default 'note',
  title         text check (char_length(title) <= 300),
  body          text not null check (char_length(body) between 1 and 100000),
  attributes    jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  is_pinned     boolean not null default false,
  archived_at   timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  content_hash  text generated always as (md5(coalesce(title, '') || E'\n' || body)) stored,
  search        tsvector generated always as (
    setweight(to_tsvector('simple', coalesce(title, '')), 'A') || setweight(to_tsvector('simple', body), 'B')
  ) stored,
  constraint quotes_name_their_source check (kind <> 'quote' or source_id is not null or attributes ? 'said_by')
);
comment on table public.fragments is 'One note, clip, quote, idea or question.';
comment on column public.fragments.title is 'Null: the first words of the body are shown.';
comment on column public.fragments.content_hash is 'Tells whether an embedding is still up to date.';
create index fragments_mind_id_idx on public.fragments (mind_id, created_at desc);
create index fragments_author_id_idx on public.fragments (author_id);
create index fragments_source_id_idx on public.fragments (source_id);
create index fragments_pinned_idx on public.fragments (mind_id) where is_pinned and archived_at is null;
create index fragments_search_idx on public.fragments using gin (search);
create index fragments_attributes_idx on public.fragments using gin (attributes jsonb_path_ops);

create table public.fragment_revisions (
  fragment_id  uuid not null references public.fragments (id) on delete cascade,
  revision     integer not null check (revision > 0),
  title        text,
  body         text not null,
  edited_by    uuid references public.profiles (id) on delete set null,
  created_at   timestamptz not null default now(),
  primary key (fragment_id, revision)
);
comment on table public.fragment_revisions is 'Every text a fragment has had, the present one included. Written by record_fragment_change() only.';
comment on column public.fragment_revisions.edited_by is 'Null when the server wrote it, or when the person has left.';
create index fragment_revisions_edited_by_idx on public.fragment_revisions (edited_by);

create table public.fragment_links (
  from_id     uuid not null references public.fragments (id) on delete cascade,
  to_id       uuid not null references public.fragments (id) on delete cascade,
  relation    text not null default 'relates to'
              check (relation in ('relates to', 'supports', 'contradicts', 'continues', 'answers')),
  created_at  timestamptz not null default now(),
  primary key (from_id, to_id, relation),
  constraint no_link_to_itself check (from_id <> to_id)
);
comment on table public.fragment_links is 'Directed links between fragments.';
create index fragment_links_to_id_idx on public.fragment_links (to_id);

create table public.fragment_embeddings (
  fragment_id   uuid not null references public.fragments (id) on delete cascade,
  model         text not null,
  chunk         smallint not null check (chunk >= 0),
  content_hash  text not null,
  dimensions    smallint not null check (dimensions > 0),
  components    real[] not null,
  created_at    timestamptz not null default now(),
  primary key (fragment_id, model, chunk),
  constraint as_many_components_as_dimensions check (cardinality(components) = dimensions)
);
comment on table public.fragment_embeddings is 'Vectors for similarity search, by model and chunk. Closed to the API: read by the server.';
comment on column public.fragment_embeddings.content_hash is 'The fragment''s hash when this was computed; another hash means it is out of date.';

create table public.attachments (
  id            uuid primary key default gen_random_uuid(),
  fragment_id   uuid not null references public.fragments (id) on delete cascade,
  storage_path  text not null unique,
  media_type    text not null check (media_type ~ '^[a-z]+/[a-z0-9.+-]+$'),
  bytes         bigint not null check (bytes between 1 and 104857600),
  sha256        bytea not null check (octet_length(sha256) = 32),
  scanned_at    timestamptz,
  created_at    timestamptz not null default now()
);
comment on table public.attachments is 'Files of a fragment. Closed to the API: the server scans them, then hands out signed addresses.';
create index attachments_fragment_id_idx on public.attachments (fragment_id);
create index attachments_unscanned_idx on public.attachments (created_at) where scanned_at is null;

create table public.tags (
  id            uuid primary key default gen_random_uuid(),
  mind_id       uuid not null references public.minds (id) on delete cascade,
  category_key  text references public.tag_categories (key) on delete set null,
  name          text not null check (name = btrim(name) and char_length(name) between 1 and 60),
  colour        text check (colour ~ '^#[0-9a-f]{6}$')
);
comment on table public.tags is 'The words that a mind is sorted by.';
create unique index tags_name_once_per_mind on public.tags (mind_id, lower(name));
create index tags_category_key_idx on public.tags (category_key);

create table public.fragment_tags (
  fragment_id  uuid not null references public.fragments (id) on delete cascade,
  tag_id       uuid not null references public.tags (id) on delete cascade,
  primary key (fragment_id, tag_id)
);
comment on table public.fragment_tags is 'Which fragment carries which tag.';
create index fragment_tags_tag_id_idx on public.fragment_tags (tag_id);

create table public.collections (
  id           uuid primary key default gen_random_uuid(),
  owner_id     uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  title        text not null check (char_length(title) between 1 and 120),
  description  text not null default '',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
comment on table public.collections is 'A person''s own selection of fragments, across minds.';
create index collections_owner_id_idx on public.collections (owner_id);

create table public.collection_fragments (
  collection_id  uuid not null references public.collections (id) on delete cascade,
  fragment_id    uuid not null references public.fragments (id) on delete cascade,
  position       integer not null default 0,
  note           text not null default '',
  primary key (collection_id, fragment_id)
);
comment on table public.collection_fragments is 'What a collection holds, in order.';
create index collection_fragments_fragment_id_idx on public.collection_fragments (fragment_id);


-- Writing and publishing ----------------------------------------------------------------------------------------------

create table public.audience_profiles (
  id             uuid primary key default gen_random_uuid(),
  owner_id       uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  name           text not null check (char_length(name) between 1 and 80),
  description    text not null default '',
  reading_level  smallint not null default 3 check (reading_level between 1 and 5),
  interests      text[] not null default '{}' check (cardinality(interests) <= 50),
  locale         text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  is_default     boolean not null default false,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  unique (owner_id, name)
);
comment on table public.audience_profiles is 'Whom a text is written for.';
comment on column public.audience_profiles.reading_level is '1: new to the subject. 5: works in it.';
create unique index audience_profiles_one_default on public.audience_profiles (owner_id) where is_default;
create index audience_profiles_interests_idx on public.audience_profiles using gin (interests);

create table public.drafts (
  id           uuid primary key default gen_random_uuid(),
  author_id    uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  mind_id      uuid not null references public.minds (id) on delete cascade,
  audience_id  uuid references public.audience_profiles (id) on delete set null,
  title        text not null check (char_length(title) between 1 and 200),
  body         text not null default '',
  due_on       date,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
comment on table public.drafts is 'Texts in the making.';
create index drafts_author_id_idx on public.drafts (author_id, updated_at desc);
create index drafts_mind_id_idx on public.drafts (mind_id);
create index drafts_audience_id_idx on public.drafts (audience_id);

create table public.publications (
  id            uuid primary key default gen_random_uuid(),
  author_id     uuid not null references public.profiles (id) on delete cascade,
  draft_id      uuid references public.drafts (id) on delete set null,
  audience_id   uuid references public.audience_profiles (id) on delete set null,
  slug          public.slug not null,
  title         text not null check (char_length(title) between 1 and 200),
  summary       text not null default '' check (char_length(summary) <= 500),
  body          text not null,
  state         public.publication_state not null default 'scheduled',
  published_at  timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (author_id, slug),
  constraint live_ones_have_a_date check (state <> 'live' or published_at is not null)
);
comment on table public.publications is 'What the world may read. A draft is copied here when it is published; the server does that, after its checks.';
create index publications_draft_id_idx on public.publications (draft_id);
create index publications_audience_id_idx on public.publications (audience_id);
create index publications_live_idx on public.publications (published_at desc) where state = 'live';

create table public.comments (
  id              uuid primary key default gen_random_uuid(),
  publication_id  uuid not null references public.publications (id) on delete cascade,
  author_id       uuid references public.profiles (id) on delete set null,
  parent_id       uuid,
  body            text not null check (char_length(body) between 1 and 5000),
  hidden_at       timestamptz,
  created_at      timestamptz not null default now(),
  unique (id, publication_id),
  constraint replies_stay_on_the_page foreign key (parent_id, publication_id)
    references public.comments (id, publication_id) on delete cascade
);
comment on table public.comments is 'Read by everyone; written through the server, which limits and moderates.';
comment on column public.comments.hidden_at is 'Set by a moderator. A hidden comment is kept, and shown to nobody.';
create index comments_publication_id_idx on public.comments (publication_id, created_at);
create index comments_author_id_idx on public.comments (author_id);
create index comments_parent_id_idx on public.comments (parent_id, publication_id);

create table public.reactions (
  publication_id  uuid not null references public.publications (id) on delete cascade,
  profile_id      uuid not null references public.profiles (id) on delete cascade,
  kind_key        text not null references public.reaction_kinds (key),
  created_at      timestamptz not null default now(),
  primary key (publication_id, profile_id, kind_key)
);
comment on table public.reactions is 'Closed to the API: the server counts them, and who reacted stays private.';
create index reactions_profile_id_idx on public.reactions (profile_id);
create index reactions_kind_key_idx on public.reactions (kind_key);

create table public.follows (
  follower_id  uuid not null references public.profiles (id) on delete cascade,
  followed_id  uuid not null references public.profiles (id) on delete cascade,
  created_at   timestamptz not null default now(),
  primary key (follower_id, followed_id),
  constraint nobody_follows_themselves check (follower_id <> followed_id)
);
comment on table public.follows is 'Closed to the API: who follows whom is nobody else''s business.';
create index follows_followed_id_idx on public.follows (followed_id);


-- Running the service -------------------------------------------------------------------------------------------------

create table public.notifications (
  id          bigint generated always as identity primary key,
  profile_id  uuid not null references public.profiles (id) on delete cascade,
  kind        text not null check (kind in ('comment', 'reaction', 'follow', 'system')),
  payload     jsonb not null default '{}',
  read_at     timestamptz,
  created_at  timestamptz not null default now()
);
comment on table public.notifications is 'Written by the server; people read their own and tick them off.';
create index notifications_profile_id_idx on public.notifications (profile_id, created_at desc);
create index notifications_unread_idx on public.notifications (profile_id) where read_at is null;

create table public.jobs (
  id          bigint generated always as identity primary key,
  kind        text not null,
  payload     jsonb not null default '{}',
  state       public.job_state not null default 'queued',
  attempts    smallint not null default 0 check (attempts between 0 and 20),
  run_after   timestamptz not null default now(),
  last_error  text,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  constraint failures_say_why check (state <> 'failed' or last_error is not null)
);
comment on table public.jobs is 'Work for later. Closed to the API: taken by the server''s workers, with SKIP LOCKED.';
create index jobs_queued_idx on public.jobs (run_after) where state = 'queued';

create table public.audit_log (
  id           bigint generated always as identity primary key,
  happened_at  timestamptz not null default now(),
  actor_id     uuid,
  action       text not null,
  subject      text not null,
  details      jsonb not null default '{}'
);
comment on table public.audit_log is 'Who did what. Closed to the API: written and read by the server.';
comment on column public.audit_log.actor_id is 'No foreign key: the log outlives the people in it.';
create index audit_log_actor_id_idx on public.audit_log (actor_id, happened_at desc);
create index audit_log_happened_at_idx on public.audit_log using brin (happened_at);


-- Functions -----------------------------------------------------------------------------------------------------------

create function public.set_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function public.set_updated_at() is 'Trigger: stamps the row that is being changed.';

create function public.provision_user_profile() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, handle, display_name)
  values (
    new.id,
    'user-' || replace(new.id::text, '-', ''),
    coalesce(nullif(left(btrim(new.raw_user_meta_data ->> 'display_name'), 80), ''), 'New here')
  )
  on conflict (id) do nothing;

  insert into public.notification_preferences (profile_id) values (new.id)
  on conflict (profile_id) do nothing;

  -- Taken from the table, so that nobody is turned away while the plans are not there yet.
  insert into public.subscriptions (profile_id, plan_key)
  select new.id, plans.key from public.plans where plans.key = 'free'
  on conflict do nothing;

  return new;
end
$$;
comment on function public.provision_user_profile() is
  'Trigger on auth.users: gives everyone who signs up a profile, preferences and the free plan. SECURITY DEFINER, because the auth service may not write here.';

create function public.record_fragment_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' or (tg_op = 'UPDATE' and new.mind_id <> old.mind_id) then
    update public.minds set fragment_count = fragment_count - 1 where id = old.mind_id;
  end if;
  if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.mind_id <> old.mind_id) then
    update public.minds set fragment_count = fragment_count + 1 where id = new.mind_id;
  end if;

  if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.content_hash <> old.content_hash) then
    insert into public.fragment_revisions (fragment_id, revision, title, body, edited_by)
    select new.id, coalesce(max(earlier.revision), 0) + 1, new.title, new.body,
           (select profiles.id from public.profiles where profiles.id = auth.uid())
    from public.fragment_revisions as earlier
    where earlier.fragment_id = new.id;
  end if;

  return null;
end
$$;
comment on function public.record_fragment_change() is
  'Trigger on fragments: keeps minds.fragment_count and writes fragment_revisions. SECURITY DEFINER, because people may write neither.';

create function public.search_fragments(query text, max_results integer default 20)
returns table (fragment_id uuid, mind_id uuid, title text, excerpt text, rank real)
language sql stable set search_path = '' as $$
  select fragments.id, fragments.mind_id, fragments.title,
         ts_headline('simple', fragments.body, wanted.terms, 'MaxWords=25, MinWords=10'),
         ts_rank(fragments.search, wanted.terms)
  from websearch_to_tsquery('simple', query) as wanted (terms)
  join public.fragments on fragments.search @@ wanted.terms
  where fragments.archived_at is null
  order by 5 desc, fragments.updated_at desc
  limit least(greatest(max_results, 1), 100)
$$;
comment on function public.search_fragments(text, integer) is
  'Full-text search in what the caller may read. Up to 100 results, best first.';


-- Triggers ------------------------------------------------------------------------------------------------------------

create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.provision_user_profile();

create trigger record_change after insert or update or delete on public.fragments
  for each row execute function public.record_fragment_change();

create trigger set_updated_at before update on public.profiles
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.subscriptions
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update of slug, title, description, colour, archived_at on public.minds
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.fragments
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.collections
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.audience_profiles
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.drafts
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.publications
  for each row execute function public.set_updated_at();
create trigger set_updated_at before update on public.jobs
  for each row execute function public.set_updated_at();


-- Views: security_invoker, so that the policies of the reader apply --------------------------------------------------

create view public.mind_overview with (security_invoker = true) as
  select minds.id, minds.owner_id, minds.slug, minds.title, minds.fragment_count,
         minds.share_code is not null as is_shared,
         (select count(*) from public.sources where sources.mind_id = minds.id) as source_count,
         (select max(fragments.updated_at) from public.fragments where fragments.mind_id = minds.id) as last_fragment_at
  from public.minds
  where minds.archived_at is null;
comment on view public.mind_overview is 'The start page: the reader''s minds at a glance.';

create view public.fragment_backlinks with (security_invoker = true) as
  select links.to_id as fragment_id, links.relation, origin.id as from_id, origin.mind_id as from_mind_id,
         coalesce(origin.title, left(origin.body, 60)) as from_title
  from public.fragment_links as links
  join public.fragments as origin on origin.id = links.from_id;
comment on view public.fragment_backlinks is 'What points at a fragment.';

create view public.published_library with (security_invoker = true) as
  select publications.id, publications.slug, publications.title, publications.summary, publications.published_at,
         author.handle as author_handle, author.display_name as author_name,
         (select count(*) from public.comments where comments.publication_id = publications.id) as comment_count
  from public.publications
  left join public.profiles as author on author.id = publications.author_id
  where publications.state = 'live' and publications.published_at <= now();
comment on view public.published_library is 'The public front page. The author is null where the profile is private.';


-- Row level security --------------------------------------------------------------------------------------------------

alter table public.plans                     enable row level security;
alter table public.feature_flags             enable row level security;
alter table public.reaction_kinds            enable row level security;
alter table public.tag_categories            enable row level security;
alter table public.profiles                  enable row level security;
alter table public.subscriptions             enable row level security;
alter table public.usage_counters            enable row level security;
alter table public.api_keys                  enable row level security;
alter table public.notification_preferences  enable row level security;
alter table public.invitations               enable row level security;
alter table public.minds                     enable row level security;
alter table public.sources                   enable row level security;
alter table public.fragments                 enable row level security;
alter table public.fragment_revisions        enable row level security;
alter table public.fragment_links            enable row level security;
alter table public.fragment_embeddings       enable row level security;
alter table public.attachments               enable row level security;
alter table public.tags                      enable row level security;
alter table public.fragment_tags             enable row level security;
alter table public.collections               enable row level security;
alter table public.collection_fragments      enable row level security;
alter table public.audience_profiles         enable row level security;
alter table public.drafts                    enable row level security;
alter table public.publications              enable row level security;
alter table public.comments                  enable row level security;
alter table public.reactions                 enable row level security;
alter table public.follows                   enable row level security;
alter table public.notifications             enable row level security;
alter table public.jobs                      enable row level security;
alter table public.audit_log                 enable row level security;

create policy "anyone reads public profiles" on public.profiles
  for select to anon, authenticated using (is_public or id = (select auth.uid()));
create policy "people edit their own profile" on public.profiles
  for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));

create policy "owners read and write" on public.minds
  to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));

-- Under each list of minds below lies the policy above; the owner is named again so that widening one does not widen all.
create policy "owners read and write" on public.sources
  to authenticated using (mind_id in (select id from public.minds where owner_id = (select auth.uid())));
create policy "owners read and write" on public.fragments
  to authenticated
  using (mind_id in (select id from public.minds where owner_id = (select auth.uid())))
  with check (
    mind_id in (select id from public.minds where owner_id = (select auth.uid()))
    and (source_id is null or exists (
      select 1 from public.sources where sources.id = source_id and sources.mind_id = fragments.mind_id))
  );
create policy "owners read" on public.fragment_revisions
  for select to authenticated using (fragment_id in (
    select fragments.id from public.fragments join public.minds on minds.id = fragments.mind_id
    where minds.owner_id = (select auth.uid())));
create policy "owners read and write" on public.fragment_links
  to authenticated
  using (from_id in (
    select fragments.id from public.fragments join public.minds on minds.id = fragments.mind_id
    where minds.owner_id = (select auth.uid())))
  with check ((
    select count(*) from public.fragments join public.minds on minds.id = fragments.mind_id
    where minds.owner_id = (select auth.uid()) and fragments.id in (from_id, to_id)) = 2);
create policy "owners read and write" on public.tags
  to authenticated using (mind_id in (select id from public.minds where owner_id = (select auth.uid())));
create policy "owners read and write" on public.fragment_tags
  to authenticated using (exists (
    select 1 from public.fragments
    join public.tags on tags.mind_id = fragments.mind_id
    join public.minds on minds.id = fragments.mind_id
    where fragments.id = fragment_id and tags.id = tag_id and minds.owner_id = (select auth.uid())));

create policy "owners read and write" on public.collections
  to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "owners read and write" on public.collection_fragments
  to authenticated
  using (collection_id in (select id from public.collections where owner_id = (select auth.uid())))
  with check (
    collection_id in (select id from public.collections where owner_id = (select auth.uid()))
    and exists (select 1 from public.fragments where fragments.id = fragment_id)
  );
comment on policy "owners read and write" on public.collection_fragments is
  'Anything its owner may read can go into a collection: the fragments'' own policy decides.';

create policy "owners read and write" on public.audience_profiles
  to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "authors read and write" on public.drafts
  to authenticated
  using (author_id = (select auth.uid()))
  with check (
    author_id = (select auth.uid())
    and mind_id in (select id from public.minds where owner_id = (select auth.uid()))
    and (audience_id is null
         or audience_id in (select id from public.audience_profiles where owner_id = (select auth.uid())))
  );

create policy "anyone reads what is live" on public.publications
  for select to anon, authenticated
  using ((state = 'live' and published_at <= now()) or author_id = (select auth.uid()));
create policy "anyone reads comments on what is live" on public.comments
  for select to anon, authenticated
  using (hidden_at is null
         and publication_id in (select id from public.publications where state = 'live' and published_at <= now()));

create policy "people read and tick off their own" on public.notifications
  to authenticated using (profile_id = (select auth.uid())) with check (profile_id = (select auth.uid()));


-- Grants: first nothing, then what the app needs -----------------------------------------------------------------------

revoke all on all tables in schema public from anon, authenticated;
revoke all on all sequences in schema public from anon, authenticated;
revoke execute on function
  public.set_updated_at(), public.provision_user_profile(), public.record_fragment_change(),
  public.search_fragments(text, integer)
  from public, anon, authenticated;

grant usage on schema public to anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema public to service_role;
grant usage, select on all sequences in schema public to service_role;
grant execute on function public.search_fragments(text, integer) to authenticated, service_role;

grant select on public.publications, public.comments, public.published_library to anon, authenticated;
grant select (id, handle, display_name, bio, avatar_path) on public.profiles to anon;
grant select on public.profiles to authenticated;
grant update (handle, display_name, bio, avatar_path, locale, time_zone, is_public) on public.profiles to authenticated;

-- Columns that triggers and defaults fill in (owner, author, counts, dates) can't be written from outside.
grant select, delete on public.minds, public.fragments to authenticated;
grant insert (id, slug, title, description, colour), update (slug, title, description, colour, archived_at)
  on public.minds to authenticated;
grant insert (id, mind_id, source_id, kind, title, body, attributes, is_pinned),
      update (mind_id, source_id, kind, title, body, attributes, is_pinned, archived_at)
  on public.fragments to authenticated;
grant select on public.fragment_revisions, public.mind_overview, public.fragment_backlinks to authenticated;
grant select, insert, delete on public.fragment_links, public.fragment_tags to authenticated;
grant select, insert, update, delete
  on public.sources, public.tags, public.collections, public.collection_fragments, public.audience_profiles, public.drafts
  to authenticated;
grant select, update (read_at) on public.notifications to authenticated;
