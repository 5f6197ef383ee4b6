update public.texts set code = 'zz' where id = 3;
