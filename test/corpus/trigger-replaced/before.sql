create table public.items (id int primary key, qty int);
create function public.check_qty() returns trigger language plpgsql as $$ begin if new.qty < 0 then raise exception 'no'; end if; return new; end $$;
create trigger items_check before insert on public.items for each row execute function public.check_qty();
