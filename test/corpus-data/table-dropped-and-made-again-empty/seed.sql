insert into public.notes (body) values ('a'), ('b'), ('c');
