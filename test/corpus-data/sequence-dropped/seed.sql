select setval('public.invoice_numbers', 1000);
select nextval('public.countdown'), nextval('public.countdown');
insert into public.invoices (id) values (1), (2);
insert into public.tickets (id) values (1), (2), (3);
