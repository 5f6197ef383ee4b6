create table public.tickets (id int primary key, no int);
create sequence public.ticket_no owned by public.tickets.no;
create sequence public.free_no;
alter table public.tickets alter column no set default nextval('public.ticket_no');
