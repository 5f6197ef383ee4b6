update public.extremes set keep = 'b2' where id = 2;
