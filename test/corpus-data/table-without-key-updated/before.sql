create table public.t (a int, v int);
