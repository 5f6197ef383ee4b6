create table public.accounts (id int primary key, status text default 'new', balance numeric not null default 0);
insert into public.accounts values (1, 'open', 10);
