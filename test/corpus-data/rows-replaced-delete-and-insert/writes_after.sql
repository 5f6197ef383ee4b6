insert into public.options values ('e', 'Echo', 5);
