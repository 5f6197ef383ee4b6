create table public.a (id int primary key, x int);
create table public.b (id int primary key, y int);
create table public.c (id int primary key, z int);
create publication pub for table public.a (id), public.b;
