insert into public.t values (1,'a@x'),(2,'b@x'),(3,'c@x');
