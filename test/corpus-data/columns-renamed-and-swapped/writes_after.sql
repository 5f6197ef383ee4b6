update public.points set lat = 5 where id = 1;
insert into public.points (id, lat, lng) values (3, 1, 2);
