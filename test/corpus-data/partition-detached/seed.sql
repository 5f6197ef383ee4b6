insert into public.hits values (1, '2025-03-01', '/a'), (2, '2025-04-01', '/b'), (3, '2026-01-02', '/c');
