insert into public.shops values
  (1, row('Main "St", 5', '01234'), array[row('a', 'b')::public.address], 'x'),
  (2, row(null, ''), null, 'y'),
  (3, null, '{}', 'z');
