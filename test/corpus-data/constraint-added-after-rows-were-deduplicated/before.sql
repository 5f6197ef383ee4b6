create table public.t (id int primary key, email text, age int);
