update public.shops set name = 'y2' where id = 2;
