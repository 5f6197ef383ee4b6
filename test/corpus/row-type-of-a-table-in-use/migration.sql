alter table public.customers drop column home;
alter table public.customers drop column others;
drop function public.format_address(public.address);
drop table public.address;
