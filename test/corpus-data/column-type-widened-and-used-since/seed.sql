insert into public.goods values (1, 10, 'ab', '2026-01-01'), (2, 20, 'cd', '2026-01-02'), (3, null, null, null);
