insert into public.people values (1, 'Ada', 'Lovelace'), (2, 'Alan', 'Turing'), (3, 'Cher', null);
