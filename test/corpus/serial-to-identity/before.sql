create table public.rooms (id serial primary key, name text);
insert into public.rooms (name) values ('a'), ('b');
