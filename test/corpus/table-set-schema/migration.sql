alter table public.invoices set schema archive;
