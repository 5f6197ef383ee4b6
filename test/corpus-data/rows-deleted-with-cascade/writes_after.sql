update public.lamps set colour = 'pink' where id = 1;
update public.lamps set desk_id = 20 where id = 3;
