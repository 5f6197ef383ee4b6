update public.docs set body = 'mine' where id = 1;
