insert into public.log values (1,'x'),(2,'x'),(3,'keep');
