insert into public.options values ('a', 'Alpha', 1), ('b', 'Beta', 2), ('c', 'Gamma', 3);
