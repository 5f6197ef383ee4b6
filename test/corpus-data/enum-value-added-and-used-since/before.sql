create type public.kind as enum ('cat', 'dog');
create table public.pets (id int primary key, kind public.kind not null, name text);
