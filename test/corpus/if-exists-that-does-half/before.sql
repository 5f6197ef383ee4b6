create table public.old_feature (id int primary key);
create type public.colour as enum ('red');
