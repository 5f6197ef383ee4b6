-- v0.7.0 reference data: what the product itself ships. No people and nothing that people write.
-- It can run again: rows that are there get the values below, rows that were added by hand stay.

insert into public.plans (key, name, monthly_cents, max_minds, max_fragments, storage_mb, position) values
  ('free', 'Free',    0,    3,  500,   100, 1),
  ('plus', 'Plus',  600,   20, 20000, 5000, 2),
  ('team', 'Team', 1500, null,  null, 50000, 3)
on conflict (key) do update set
  name = excluded.name, monthly_cents = excluded.monthly_cents, max_minds = excluded.max_minds,
  max_fragments = excluded.max_fragments, storage_mb = excluded.storage_mb, position = excluded.position;

-- A plan that is no longer sold keeps its row, because subscriptions point at it.
insert into public.plans (key, name, monthly_cents, max_minds, max_fragments, storage_mb, is_offered, position) values
  ('early', 'Early bird', 300, 20, 20000, 5000, false, 9)
on conflict (key) do update set is_offered = excluded.is_offered;

-- Flags are switched while the service runs, so only their descriptions are brought up to date.
insert into public.feature_flags (key, description, enabled, rollout_percent) values
  ('collaboration',  'Several people in one mind',                      false, 100),
  ('similar',        'Fragments that resemble the one being read',      true,   50),
  ('audience_hints', 'Hints on how a draft reads for its audience',     true,  100),
  ('public_api',     'Access with keys of one''s own',                  true,  100),
  ('scheduling',     'Publications that go live at a set time',         true,  100),
  ('offline',        'Writing without a connection',                    false,   0)
on conflict (key) do update set description = excluded.description;

insert into public.reaction_kinds (key, label, position) values
  ('thanks',    'Thank you',         1),
  ('learned',   'I learned something', 2),
  ('agree',     'I see it that way',   3),
  ('doubt',     'I have doubts',       4),
  ('surprised', 'I did not expect that', 5)
on conflict (key) do update set label = excluded.label, position = excluded.position;

insert into public.tag_categories (key, label, description) values
  ('subject', 'Subject', 'What it is about'),
  ('status',  'Status',  'How far it has come'),
  ('origin',  'Origin',  'Where it came from'),
  ('use',     'Use',     'What it may become'),
  ('mood',    'Mood',    'How it felt at the time')
on conflict (key) do update set label = excluded.label, description = excluded.description;
