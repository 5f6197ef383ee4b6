create table public.inbox (id int primary key, address text);
