drop trigger on_auth_user_created on auth.users;
drop function public.old_handler();
create function public.provision_profile() returns trigger language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.profiles (id, name) values (new.id, coalesce(new.raw_user_meta_data ->> 'name', 'New'));
  return new;
end
$$;
revoke execute on function public.provision_profile() from public, anon, authenticated;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.provision_profile();
