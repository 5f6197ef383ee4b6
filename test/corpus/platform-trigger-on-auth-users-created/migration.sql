create trigger sign_up after insert on auth.users for each row execute function public.on_sign_up();
create trigger sign_in after update of updated_at on auth.users for each row
  when (old.updated_at is distinct from new.updated_at) execute function public.on_sign_up();
