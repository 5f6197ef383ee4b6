insert into public.live values (4, 'd', true);
update public.archive set body = 'zz' where id = 90;
