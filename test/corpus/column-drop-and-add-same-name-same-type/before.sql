create table public.accounts (id int primary key, nickname text, balance numeric not null default 0);
insert into public.accounts values (1, 'joe', 10);
