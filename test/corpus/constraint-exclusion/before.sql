create extension if not exists btree_gist schema extensions;
create table public.reservations (
  id int primary key,
  room int not null,
  during tstzrange not null,
  cancelled boolean not null default false
);
create table public.holidays (id int primary key, days daterange, exclude using gist (days with &&));
