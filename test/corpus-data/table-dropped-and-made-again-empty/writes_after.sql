insert into public.notes (body) values ('mine');
