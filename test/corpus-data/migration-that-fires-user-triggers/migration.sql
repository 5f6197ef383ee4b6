update public.sales set amount = amount * 10 where id = 2;
