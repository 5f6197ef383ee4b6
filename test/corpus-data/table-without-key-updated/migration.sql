update public.t set v = v * 2;
insert into public.t values (9,5);
