update public.books set title = 'Emma, 2nd edition', pages = 310 where id = 1;
delete from public.books where id = 2;
insert into public.books values (5, 'Roadside Picnic', 150);
