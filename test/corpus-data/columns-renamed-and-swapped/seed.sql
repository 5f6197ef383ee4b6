insert into public.points values (1, 64.1, -21.9), (2, 52.5, 13.4);
