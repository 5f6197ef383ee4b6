update public.loans set who = 'a2' where id = 1;
delete from public.loans where id = 2;
