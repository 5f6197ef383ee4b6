insert into public.events values (1, '2025-01-01', 'a'), (2, '2025-02-01', 'b'), (3, '2026-02-01', 'c');
