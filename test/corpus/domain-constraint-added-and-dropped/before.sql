create domain public.zip as text constraint zip_digits check (value ~ '^[0-9]+$');
create table public.addresses (id int primary key, zip public.zip);
insert into public.addresses values (1, '10115');
