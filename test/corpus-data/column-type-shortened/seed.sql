insert into public.labels values (1, 'something rather long'), (2, 'short'), (3, 'another long label');
