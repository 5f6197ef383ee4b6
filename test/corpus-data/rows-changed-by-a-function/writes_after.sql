update public.accounts set balance = 1 where id = 3;
