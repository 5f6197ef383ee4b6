create table public.teams (id int primary key, captain_id int not null);
create table public.players (id int primary key, team_id int not null references public.teams (id));
alter table public.teams add constraint teams_captain_fk foreign key (captain_id) references public.players (id) deferrable initially deferred;
create table public.fans (id int primary key, note text);
