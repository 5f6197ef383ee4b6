insert into public.authors (name) values ('Lem'), ('Austen');
insert into public.books (author_id, title) values (1, 'Solaris'), (2, 'Emma');
insert into public.loans values (1, 1, 'a'), (2, 2, 'b'), (3, null, 'c');
