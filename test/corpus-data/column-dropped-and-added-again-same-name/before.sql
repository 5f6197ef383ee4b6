create table public.accounts (id int primary key, nickname text, n int);
