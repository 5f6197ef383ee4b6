create table public.lines (what text, n int);
create table public.keyed (id int primary key);
