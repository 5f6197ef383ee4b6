insert into public.jobs (id, title) values (4, 'd');
update public.jobs set title = 'c2' where id = 3;
