create table public.log (at timestamptz primary key, no bigint generated always as identity, line text);
