create schema catalog;
create type public.kind as enum ('a', 'b');
create table public.things (id int primary key, kind public.kind default 'a');
