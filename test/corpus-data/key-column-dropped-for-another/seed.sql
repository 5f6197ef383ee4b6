insert into public.members values (7, 'a@example.com', 'A'), (8, 'b@example.com', 'B'), (9, 'c@example.com', 'C');
