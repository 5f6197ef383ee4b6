delete from public.t where id = 1;
