create table public.addresses (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  kind text not null default 'home' check (kind in ('home', 'work', 'billing')),
  street text,
  city text,
  zip varchar(10),
  country char(2) not null default 'de',
  unique (user_id, kind)
);
create index addresses_city_idx on public.addresses (city);

create table public.preferences (
  user_id uuid primary key references public.users (id) on delete cascade,
  newsletter boolean not null default false,
  theme text not null default 'light' check (theme in ('light', 'dark', 'system'))
);

insert into public.addresses (user_id, street, city, zip, country)
  select id, street, city, zip, coalesce(country, 'de') from public.users
  where coalesce(street, city, zip) is not null;
insert into public.preferences (user_id, newsletter, theme) select id, newsletter, theme from public.users;

drop view public.mailing_list;
drop trigger users_audit on public.users;
drop function public.audit_users();

alter table public.users
  drop column street,
  drop column city,
  drop column zip,
  drop column country,
  drop column newsletter,
  drop column theme;
alter table public.users rename column full_name to display_name;
alter table public.users add column updated_at timestamptz;

create view public.mailing_list as
  select u.email, u.display_name
  from public.users u join public.preferences p on p.user_id = u.id
  where p.newsletter;
revoke all on public.mailing_list from anon, authenticated;

alter table public.addresses enable row level security;
alter table public.preferences enable row level security;
create policy own_addresses on public.addresses to authenticated
  using (user_id = auth.uid()) with check (user_id = auth.uid());
create policy own_preferences on public.preferences to authenticated
  using (user_id = auth.uid()) with check (user_id = auth.uid());
