create type public.pair as (a int, b text);
create table public.pairs of public.pair (primary key (a));
create table public.loose (a int, b text);
