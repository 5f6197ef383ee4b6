insert into public.texts values
  (1, '', '', ''),
  (2, null, null, null),
  (3, 'NULL', 'ab', '\N'),
  (4, E'line one\nline\ttwo\\ "quoted" ''single''', '  x', 'ü✓漢字'),
  (5, '{}', '1', ' ');
