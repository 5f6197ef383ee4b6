insert into public.t values (4,4);
