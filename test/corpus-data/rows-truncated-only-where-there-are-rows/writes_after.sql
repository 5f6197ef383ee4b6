insert into public.queue values (9, 'new', null);
