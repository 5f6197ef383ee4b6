update public.boxes set h = 10 where id = 1;
insert into public.boxes (id, h, label) values (4, 7, 'd');
