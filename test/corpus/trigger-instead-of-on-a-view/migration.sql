drop trigger base_view_insert on public.base_view;
create trigger base_view_write instead of insert or update on public.base_view for each row execute function public.base_insert();
