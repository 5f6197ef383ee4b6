insert into public.t values (9,'a@x');
