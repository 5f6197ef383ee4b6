update public.labels set text = 'mine' where id = 3;
insert into public.labels values (4, 'new');
