insert into public.invoices values (3, 7);
insert into public.tickets (id, number) values (4, 40);
