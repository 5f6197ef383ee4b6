create table public.people (id int primary key, email text unique);
