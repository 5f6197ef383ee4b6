insert into public.entries (slug) values ('c'), ('a'), ('b');
