update public.log set b = 'y' where b = 'x';
