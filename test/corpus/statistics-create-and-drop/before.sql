create table public.trips (id int primary key, city text, country text, km int);
create statistics public.trips_place (dependencies, ndistinct) on city, country from public.trips;
comment on statistics public.trips_place is 'A city is in one country';
