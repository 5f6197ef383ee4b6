delete from public.log where line = 'b';
update public.log set line = 'a2' where line = 'a';
