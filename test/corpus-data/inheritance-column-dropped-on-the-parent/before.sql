create table public.animals (id int primary key, name text, weight numeric);
create table public.dogs (breed text, primary key (id)) inherits (public.animals);
