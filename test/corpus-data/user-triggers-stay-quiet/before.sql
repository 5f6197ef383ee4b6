create table public.docs (id int primary key, body text, words int, version int not null default 1);
create table public.docs_log (no int generated always as identity primary key, doc int, what text);
create function public.docs_changed() returns trigger language plpgsql as $$
begin
  insert into public.docs_log (doc, what) values (coalesce(new.id, old.id), tg_op);
  if tg_op = 'UPDATE' then new.version := old.version + 1; end if;
  return coalesce(new, old);
end
$$;
create trigger docs_changed before insert or update or delete on public.docs for each row execute function public.docs_changed();
alter table public.docs enable always trigger docs_changed;
