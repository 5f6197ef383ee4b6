update public.people set name = 'bobby' where id = 2;
update public.people set main = row(70, 80)::public.geo where id = 1;
