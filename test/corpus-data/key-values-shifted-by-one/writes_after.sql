update public.steps set label = 'b2' where position = 3;
insert into public.steps values (5, 'e');
