insert into public.hosts values ('a.example.com', '10.0.0.1', 80), ('b.example.com', null, 443), ('c.example.com', '10.0.0.3', null);
