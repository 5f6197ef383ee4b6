delete from public.seats where no in (1, 2);
