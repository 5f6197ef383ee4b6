create table public.events (id int primary key, happened text, name text);
