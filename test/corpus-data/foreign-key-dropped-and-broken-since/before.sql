create table public.owners (id int primary key);
create table public.pets (id int primary key, owner int references public.owners, name text);
