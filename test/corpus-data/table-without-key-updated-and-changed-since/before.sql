create table public.log (a int, b text);
