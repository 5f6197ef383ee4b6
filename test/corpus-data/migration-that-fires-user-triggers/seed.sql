insert into public.totals values ('sales', 0), ('other', 1);
insert into public.sales values (1, 10), (2, 20);
