create table public.shifts (id int primary key, starts timestamptz(3), note text);
