create table public.games (id int primary key, score int);
insert into public.games values (1, -5);
