create function public.lookup(key text) returns text language plpgsql as $$ begin return key; end $$;
create function public.whoami() returns text language sql security definer set search_path = public as $$ select current_user::text $$;
