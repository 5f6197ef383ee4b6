create table public.texts (id int primary key, body text);
