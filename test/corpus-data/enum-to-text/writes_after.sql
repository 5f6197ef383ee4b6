update public.goods set n = 22 where id = 2;
update public.goods set unit = 'kg' where id = 3;
