update public.t set v = 'of a user' where id = 3;
insert into public.t values (2, 4, 'new');
