alter table public.orders disable trigger a_normal;
alter table public.orders enable trigger b_off;
alter table public.orders enable always trigger c_replica;
