insert into public.nodes values (1, null, 'root'), (3, 1, 'branch'), (2, 3, 'leaf'), (4, 1, 'other');
