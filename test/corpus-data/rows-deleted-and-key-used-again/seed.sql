insert into public.seats values (1, 'Ann'), (2, 'Bob'), (3, 'Cy');
