create table public.lists (id int primary key);
create publication p1 for table public.lists;
