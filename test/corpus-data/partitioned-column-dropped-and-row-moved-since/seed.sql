insert into public.parcels values (1, 'eu', 1.5, 'new'), (2, 'eu', 2.5, 'new'), (3, 'us', 3.5, 'new'), (4, 'us', null, 'new');
