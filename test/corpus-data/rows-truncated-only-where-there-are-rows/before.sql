create table public.queue (id int primary key, job text);
