create table public.plans (code text primary key, price int not null);
create table public.customers (id int primary key, plan text references public.plans (code));
