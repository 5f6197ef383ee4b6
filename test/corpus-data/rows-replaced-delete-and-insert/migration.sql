delete from public.options;
insert into public.options values ('a', 'Alpha', 1), ('b', 'Bravo', 2), ('d', 'Delta', 3);
