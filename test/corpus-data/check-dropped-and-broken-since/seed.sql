insert into public.tickets values (1, 1), (2, 5);
