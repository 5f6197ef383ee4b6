create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null unique,
  full_name text not null,
  street text,
  city text,
  zip varchar(10),
  country char(2) default 'de' check (country in ('de', 'at', 'ch')),
  newsletter boolean not null default false,
  theme text not null default 'light',
  created_at timestamptz not null default now(),
  constraint users_email_form check (email like '%@%')
);
create index users_city_idx on public.users (city);
create index users_newsletter_idx on public.users (id) where newsletter;
comment on column public.users.zip is 'Not a number';
comment on column public.users.newsletter is 'Double opt-in';
create view public.mailing_list as select email, full_name from public.users where newsletter;
alter table public.users enable row level security;
create policy own_row on public.users to authenticated using (id = auth.uid());
grant select (id, full_name, city) on public.users to anon;
create function public.audit_users() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger users_audit after update of street, city, zip on public.users for each row execute function public.audit_users();
