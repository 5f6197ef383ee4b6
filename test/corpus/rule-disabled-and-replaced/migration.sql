alter table public.inbox disable rule inbox_protect;
create or replace rule inbox_log as on insert to public.inbox where new.spam do also insert into public.inbox_log (id) values (-new.id);
