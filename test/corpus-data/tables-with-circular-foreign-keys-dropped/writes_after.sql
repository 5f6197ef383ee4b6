insert into public.fans values (2, 'y');
