create sequence public.invoice_no start 1000 increment 10 minvalue 1000 maxvalue 99990 cache 5 cycle;
create sequence public.old_no as smallint;
comment on sequence public.old_no is 'Until 2025';
select nextval('public.invoice_no');
