create event trigger watch_ddl on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE') execute function public.on_ddl();
comment on event trigger watch_ddl is 'Watches tables';
