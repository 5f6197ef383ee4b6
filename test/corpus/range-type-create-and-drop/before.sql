create type public.timerange as range (subtype = time);
create type public.floatrange as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = floatranges);
create table public.shifts (id int primary key, hours public.timerange);
