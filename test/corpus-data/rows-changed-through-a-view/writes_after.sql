update public.docs set hidden = true where id = 1;
update public.log set line = 'mine' where id = 2;
