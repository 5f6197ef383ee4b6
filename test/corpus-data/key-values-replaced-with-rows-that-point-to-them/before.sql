create table public.teams (id int primary key, name text unique);
create table public.players (id int primary key, team_id int references public.teams (id) on update cascade, name text);
