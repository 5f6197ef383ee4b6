create table public.t (id int primary key, email text, constraint t_email unique (email));
