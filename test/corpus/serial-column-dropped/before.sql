create table public.steps (name text primary key, no bigserial);
insert into public.steps (name) values ('a');
