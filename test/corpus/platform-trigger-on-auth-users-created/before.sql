create function public.on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$ begin return new; end $$;
