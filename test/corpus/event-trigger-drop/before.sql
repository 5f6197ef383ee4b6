create function public.on_drop() returns event_trigger language plpgsql as $$ begin perform count(*) from pg_event_trigger_dropped_objects(); end $$;
create event trigger watch_drop on sql_drop execute function public.on_drop();
create function public.on_start() returns event_trigger language plpgsql as $$ begin perform 1; end $$;
create event trigger watch_start on ddl_command_start when tag in ('CREATE CAST') execute function public.on_start();
alter event trigger watch_start disable;
