create table public.docs (id int primary key, body text, updated_at timestamptz);
create function public.set_updated_at() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
create trigger docs_touch before update of body on public.docs for each row
  when (old.body is distinct from new.body) execute function public.set_updated_at();
comment on trigger docs_touch on public.docs is 'Only when the text changed';
