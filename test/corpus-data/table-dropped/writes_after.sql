insert into public.other values (2);
