alter sequence public.ticket_no owned by none;
alter table public.tickets alter column no drop default;
alter sequence public.free_no owned by public.tickets.no;
alter table public.tickets alter column no set default nextval('public.free_no');
