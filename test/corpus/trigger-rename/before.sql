create table public.seats (id int primary key);
create function public.seat_check() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger t1 before insert on public.seats for each row execute function public.seat_check();
