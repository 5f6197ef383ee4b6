insert into public.plans values ('free', 0), ('pro', 10);
insert into public.customers values (1, 'free');
