create domain public.percentage as numeric(5, 2) default 0 not null
  constraint percentage_range check (value between 0 and 100);
create table public.grades (id int primary key, score public.percentage);
