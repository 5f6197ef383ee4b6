update public.log set b = 'users' where a = 1;
delete from public.log where a = 2;
