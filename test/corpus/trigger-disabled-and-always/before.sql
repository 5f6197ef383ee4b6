create table public.orders (id int primary key);
create function public.noop() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger a_normal after insert on public.orders for each row execute function public.noop();
create trigger b_off after update on public.orders for each row execute function public.noop();
alter table public.orders disable trigger b_off;
create trigger c_replica after delete on public.orders for each statement execute function public.noop();
alter table public.orders enable replica trigger c_replica;
