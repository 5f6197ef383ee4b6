create table public.docs (id int primary key, title text, hidden boolean not null default false);
create view public.shown as select id, title from public.docs where not hidden;
create table public.log (id int primary key, line text);
create view public.log_view as select id, line from public.log;
create function public.log_write() returns trigger language plpgsql as $$ begin update public.log set line = new.line where id = old.id; return new; end $$;
create trigger log_view_update instead of update on public.log_view for each row execute function public.log_write();
