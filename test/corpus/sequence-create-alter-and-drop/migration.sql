alter sequence public.invoice_no increment 1 no maxvalue cache 1 no cycle;
drop sequence public.old_no;
create sequence public.receipt_no as integer owned by none;
