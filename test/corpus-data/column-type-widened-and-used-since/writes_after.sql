update public.goods set price = 12.75 where id = 1;
update public.goods set at = '2026-03-03 12:30' where id = 2;
insert into public.goods values (4, 5, 'efghij', '2026-02-02');
