insert into public.plans values ('team', 50), ('max', 100);
