insert into public.people values
  (1, row('Main "St", 5', row(1.50, 'by (the) sea', -2)::public.geo), array[row(1, 'a', 2)::public.geo, row(3, null, 4.0)::public.geo], row(7, 'm', 8), 'ann'),
  (2, row(null, row(9, '', 9)::public.geo), '{}', null, 'bob'), (3, null, null, row(null, null, null), 'cy');
