create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, name text);
create function public.old_handler() returns trigger language plpgsql security definer set search_path = ''
as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.old_handler();
