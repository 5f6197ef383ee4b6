insert into public.tokens values (4, 'd', true);
delete from public.tokens where id = 2;
