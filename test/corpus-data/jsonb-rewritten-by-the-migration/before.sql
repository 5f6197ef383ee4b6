create table public.profiles (id int primary key, data jsonb not null default '{}');
