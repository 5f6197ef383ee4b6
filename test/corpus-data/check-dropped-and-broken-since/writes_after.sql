insert into public.tickets values (3, 9), (4, 4);
