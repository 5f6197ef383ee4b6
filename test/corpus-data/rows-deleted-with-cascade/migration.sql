delete from public.firms where id = 1;
