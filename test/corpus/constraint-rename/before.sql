create table public.flags (id int primary key, name text unique, constraint c1 check (name <> ''));
create table public.flag_values (flag_id int constraint fk1 references public.flags (id));
