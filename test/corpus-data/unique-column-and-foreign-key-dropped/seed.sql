insert into public.countries values (1, 'is'), (2, 'no');
insert into public.cities values (10, 'is', 'Akureyri'), (11, 'no', 'Bergen'), (12, null, 'Atlantis');
