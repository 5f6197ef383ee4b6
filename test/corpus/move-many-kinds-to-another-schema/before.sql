create schema core;
create table public.units (id int primary key);
create view public.unit_list as select id from public.units;
create materialized view public.unit_count as select count(*) from public.units;
create sequence public.unit_no;
create domain public.unit_name as text;
create type public.unit_kind as enum ('kg', 'm');
