alter type public.order_status rename to order_status_old;
create type public.order_status as enum ('draft', 'sent', 'paid');
alter table public.orders alter column status drop default;
alter table public.orders alter column status type public.order_status
  using (case status::text when 'lost' then 'draft' else status::text end)::public.order_status;
alter table public.orders alter column status set default 'draft';
drop type public.order_status_old;
