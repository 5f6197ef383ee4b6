drop trigger docs_touch on public.docs;
create trigger docs_touch_all before insert or update on public.docs for each row execute function public.set_updated_at();
