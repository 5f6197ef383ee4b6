create sequence public.invoice_numbers increment by 5;
create sequence public.countdown increment by -1 maxvalue 100 start 100;
create table public.invoices (id int primary key, number bigint default nextval('public.invoice_numbers'));
create table public.tickets (id int primary key, number bigserial);
