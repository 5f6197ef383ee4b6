delete from public.t;
