insert into public.settings values ('colour', 'red', 1), ('size', 'l', 2), ('lang', 'de', 3);
