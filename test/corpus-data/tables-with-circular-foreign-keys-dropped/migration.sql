alter table public.teams drop constraint teams_captain_fk;
drop table public.players;
drop table public.teams;
