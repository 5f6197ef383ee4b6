create table public.members (id int primary key, email text not null unique, name text);
