insert into public.t values (1,'a@x',-5),(2,'a@x',20),(3,'b@x',30);
