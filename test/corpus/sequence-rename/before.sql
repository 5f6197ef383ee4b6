create table public.cards (id serial primary key);
insert into public.cards default values;
