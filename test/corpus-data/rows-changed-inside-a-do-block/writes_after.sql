insert into public.b_items values (3, 3);
update public.a_items set v = 11 where id = 1;
