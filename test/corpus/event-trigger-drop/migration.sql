drop event trigger watch_drop;
drop function public.on_drop();
alter event trigger watch_start enable;
