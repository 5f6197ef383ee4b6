create table public.log (at text, note text);
