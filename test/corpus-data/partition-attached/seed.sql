insert into public.hits values (3, '2026-01-02', '/c');
insert into public.hits_2025 values (1, '2025-03-01', '/a'), (2, '2025-04-01', '/b');
