insert into public.docs values (1, 'one', false), (2, 'two', true), (3, 'three', false);
insert into public.log values (1, 'x'), (2, 'y');
