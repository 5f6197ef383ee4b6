create extension if not exists citext schema extensions;
create extension if not exists hstore schema extensions;
create table public.logins (id int primary key, name extensions.citext, extra extensions.hstore, at date);
