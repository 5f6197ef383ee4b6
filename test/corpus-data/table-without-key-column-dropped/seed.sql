insert into public.log values ('1', '{"a": 1}', 'x', 1.50), ('1', '{"a": 1}', 'y', 2), (null, null, 'z', null), ('3', '[]', null, 4);
