insert into public.animals values (1, 'Tom', 4.5), (2, 'Kit', null);
insert into public.dogs values (1, 'Rex', 30.1, 'boxer'), (2, 'Fifi', 3.2, null);
