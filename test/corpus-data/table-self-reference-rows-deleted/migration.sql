delete from public.nodes where id in (2, 3);
