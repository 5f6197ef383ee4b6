insert into public.exams values (4, 'd');
update public.exams set who = 'c2' where id = 3;
