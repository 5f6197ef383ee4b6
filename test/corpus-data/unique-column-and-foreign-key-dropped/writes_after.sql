update public.cities set country_id = 2 where id = 10;
insert into public.cities values (13, 'Oslo', 2);
