insert into public.boxes (id, w, h, label) values (1, 2, 3, 'a'), (2, 4, 5, 'b'), (3, null, 1, 'c');
