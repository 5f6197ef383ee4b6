create type public.m as (j jsonb, a int[]);
create table public.t (id int primary key, m public.m);
