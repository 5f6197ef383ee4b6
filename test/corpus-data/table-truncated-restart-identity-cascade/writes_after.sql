insert into public.queue (id, job) values (77, 'new');
insert into public.queue_log values (5, 77, 'z');
