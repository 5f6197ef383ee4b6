insert into public.queue (job) values ('a'), ('b');
insert into public.queue_log values (1, 1, 'x'), (2, 2, 'y');
