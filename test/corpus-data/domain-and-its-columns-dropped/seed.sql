insert into public.exams values (1, 2, '{1,2}', 'a'), (2, null, null, 'b'), (3, 6, '{}', 'c');
