insert into public.plans values ('own', 5);
update public.plans set price = 12 where code = 'pro';
insert into public.customers values (2, 'pro');
delete from public.plans where code = 'max';
