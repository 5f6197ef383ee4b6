update public.scores set points = 0 where id = 3;
delete from public.scores where id = 4;
