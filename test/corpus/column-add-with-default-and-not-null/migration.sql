alter table public.users_settings
  add column locale text not null default 'en',
  add column beta boolean,
  add column tags text[] not null default '{}';
