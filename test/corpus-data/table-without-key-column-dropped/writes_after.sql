insert into public.log values ('9', '{}');
