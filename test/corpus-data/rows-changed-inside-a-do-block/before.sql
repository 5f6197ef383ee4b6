create table public.a_items (id int primary key, v int);
create table public.b_items (id int primary key, v int);
create table public.switches (name text primary key, is_on boolean);
