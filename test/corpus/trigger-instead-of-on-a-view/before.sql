create table public.base (id int primary key, note text);
create view public.base_view as select id, note from public.base;
create function public.base_insert() returns trigger language plpgsql as $$ begin insert into public.base values (new.id, new.note); return new; end $$;
create trigger base_view_insert instead of insert on public.base_view for each row execute function public.base_insert();
