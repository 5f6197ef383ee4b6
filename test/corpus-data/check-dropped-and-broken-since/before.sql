create table public.tickets (id int primary key, priority int not null, constraint priority_known check (priority between 1 and 5));
