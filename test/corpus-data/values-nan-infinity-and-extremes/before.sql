create table public.extremes (id int primary key, f double precision, r real, n numeric, t timestamptz, d date, b bigint, keep text);
