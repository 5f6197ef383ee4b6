create table public.teams (id int primary key, name text unique);
create table public.players (id int primary key, team_id int references public.teams (id) on update cascade, name text);
create table public.steps (position int primary key, label text);
create table public.notes (id int primary key, step int references public.steps (position) on update cascade);
