alter table public.games add constraint games_score check (score >= 0) not valid;
