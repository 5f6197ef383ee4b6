insert into public.entries values ('z');
