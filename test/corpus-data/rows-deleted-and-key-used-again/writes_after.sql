insert into public.seats values (1, 'Dora');
