create table public.tokens (id int primary key, owner text, expired boolean not null);
