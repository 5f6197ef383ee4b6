insert into public.secrets values (1, '00000000-0000-0000-0000-000000000001', 'a', 'h1'), (2, null, 'b', null);
