insert into public.diary values ('2026-01-01', 'sad', '{sad,"so so"}', 'a'), ('2026-01-02', 'so so', null, 'b'), ('2026-01-03', null, '{}', 'c');
