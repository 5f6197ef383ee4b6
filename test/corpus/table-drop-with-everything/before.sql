create table public.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  device text collate "C" default 'unknown',
  seen_at timestamptz not null default now(),
  constraint sessions_device_check check (device <> '')
);
create index sessions_user_seen_idx on public.sessions (user_id, seen_at desc);
create function public.touch_session() returns trigger language plpgsql as $$
begin
  new.seen_at := now();
  return new;
end
$$;
create trigger sessions_touch before update on public.sessions
  for each row execute function public.touch_session();
alter table public.sessions enable row level security;
create policy own_sessions on public.sessions to authenticated using (user_id = auth.uid());
comment on table public.sessions is 'Where someone is signed in';
comment on column public.sessions.device is 'As the client names itself';
revoke all on public.sessions from anon;
