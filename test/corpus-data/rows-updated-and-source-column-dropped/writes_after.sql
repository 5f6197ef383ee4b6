update public.people set name = 'Alan M. Turing' where id = 2;
insert into public.people values (4, 'Grace Hopper');
