insert into public.books values (1, 'Emma', '111', 300), (2, 'Ulysses', '222', 700), (3, 'Dune', null, 500), (4, 'Solaris', '444', 200);
