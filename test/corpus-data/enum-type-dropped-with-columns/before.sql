create type public.mood as enum ('sad', 'so so', 'happy');
create table public.diary (day date primary key, mood public.mood default 'happy', moods public.mood[], text text);
