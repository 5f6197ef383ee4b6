delete from public.keyed where id = 1;
