create table public.notes (id bigint generated always as identity primary key, body text not null, at timestamptz not null default now());
create table public.other (id int primary key);
