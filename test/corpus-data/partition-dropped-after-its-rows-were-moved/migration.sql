update public.t set d = 2 where id = 1;
drop table public.t1;
