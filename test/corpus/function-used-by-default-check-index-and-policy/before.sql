create function public.normalize_email(email text) returns text language sql immutable as $$ select lower(trim(email)) $$;
create table public.subscribers (
  id int primary key,
  email text not null default public.normalize_email('NOBODY@example.com'),
  constraint email_normalized check (email = public.normalize_email(email))
);
create unique index subscribers_email_idx on public.subscribers (public.normalize_email(email));
alter table public.subscribers enable row level security;
create policy own on public.subscribers using (email = public.normalize_email(auth.email()));
