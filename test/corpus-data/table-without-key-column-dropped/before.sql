create table public.log (at text, body jsonb, note text, weight numeric);
