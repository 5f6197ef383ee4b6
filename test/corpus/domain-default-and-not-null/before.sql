create domain public.quantity as integer default 1 not null;
create table public.lines (id int primary key, quantity public.quantity);
