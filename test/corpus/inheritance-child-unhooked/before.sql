create table public.vehicles (id int not null, wheels int check (wheels > 0));
create table public.bikes (gears int) inherits (public.vehicles);
create table public.cars (id int not null, wheels int, doors int, constraint vehicles_wheels_check check (wheels > 0));
