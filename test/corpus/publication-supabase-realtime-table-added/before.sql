create table public.chat (id bigint generated always as identity primary key, body text);
create table public.typing (id int primary key);
alter publication supabase_realtime add table public.typing;
