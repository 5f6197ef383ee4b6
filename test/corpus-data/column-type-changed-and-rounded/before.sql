create table public.fees (id int primary key, amount numeric(10, 2) not null, label text);
