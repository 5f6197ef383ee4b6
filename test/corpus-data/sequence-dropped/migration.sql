alter table public.invoices alter column number drop default;
drop sequence public.invoice_numbers;
drop sequence public.countdown;
drop sequence public.tickets_number_seq cascade;
