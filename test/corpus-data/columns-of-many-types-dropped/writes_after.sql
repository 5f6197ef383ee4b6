update public.samples set other = 'y2' where id = 2;
insert into public.samples (id, other) values (4, 'new');
