create table public.people (id int primary key, first text, last text);
