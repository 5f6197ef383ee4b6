insert into public.t values (1,10),(2,20),(3,30);
