create type public.mood as enum ('sad', 'happy');
create table public.diary (id int primary key, mood public.mood not null default 'happy');
insert into public.diary values (1, 'sad');
