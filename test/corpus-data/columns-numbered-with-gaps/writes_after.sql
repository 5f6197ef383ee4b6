update public.gaps set n = 99 where id = 2;
insert into public.gaps values (4, 4, 40);
insert into public.plain values (3, 'R');
delete from public.made where id = 1;
insert into public.made values (3, 'of a user');
