create table public.flags (id int primary key, is_on boolean not null, n int not null default 0);
