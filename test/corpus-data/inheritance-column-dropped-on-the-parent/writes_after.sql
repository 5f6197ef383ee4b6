update public.dogs set breed = 'poodle' where id = 2;
update only public.animals set name = 'Kitty' where id = 2;
insert into public.dogs values (3, 'New', 'husky');
