create table public.firms (id int primary key, name text);
create table public.desks (id int primary key, firm_id int not null references public.firms (id) on delete cascade);
create table public.lamps (id int primary key, desk_id int references public.desks (id) on delete set null, colour text);
create table public.chairs (id int primary key, desk_id int default 0 references public.desks (id) on delete set default);
