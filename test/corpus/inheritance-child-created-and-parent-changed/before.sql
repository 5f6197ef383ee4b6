create table public.animals (id int primary key, name text not null);
create table public.dogs (breed text) inherits (public.animals);
insert into public.dogs values (1, 'Rex', 'boxer');
