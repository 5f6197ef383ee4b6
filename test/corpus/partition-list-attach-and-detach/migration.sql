alter table public.sales detach partition public.sales_eu;
alter table public.sales attach partition public.sales_us for values in ('us', null);
