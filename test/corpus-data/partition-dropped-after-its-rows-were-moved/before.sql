create table public.t (d int, id int, v text, primary key (d, id)) partition by list (d);
create table public.t1 partition of public.t for values in (1);
create table public.t2 partition of public.t for values in (2);
