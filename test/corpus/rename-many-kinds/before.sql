create table public.t (id int primary key);
create view public.v as select id from public.t;
create materialized view public.m as select id from public.t;
create index m_idx on public.m (id);
create procedure public.p() language sql as 'select 1';
create aggregate public.agg(int) (sfunc = int4pl, stype = int);
create type public.c as (a int);
create domain public.d as int;
