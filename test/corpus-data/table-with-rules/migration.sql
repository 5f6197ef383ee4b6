update public.ruled set v = 'locked', n = 0 where id = 1;
delete from public.ruled where id > 1;
