insert into public.pets values (3, 'fish', 'c'), (4, 'cat', 'd');
update public.pets set kind = 'fish' where id = 2;
