alter publication supabase_realtime add table public.chat;
alter table public.chat replica identity full;
alter publication supabase_realtime drop table public.typing;
