create function public.on_ddl() returns event_trigger language plpgsql as $$ begin perform 1; end $$;
