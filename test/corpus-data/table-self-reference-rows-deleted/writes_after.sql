update public.nodes set label = 'ROOT' where id = 1;
insert into public.nodes values (5, 4, 'new');
