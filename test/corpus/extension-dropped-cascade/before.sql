create extension if not exists citext schema extensions;
create table public.logins (id int primary key, name extensions.citext not null, at timestamptz);
create unique index logins_name_idx on public.logins (name);
