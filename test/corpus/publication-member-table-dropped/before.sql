create table public.cursors (id int primary key, x real, y real);
alter publication supabase_realtime add table public.cursors;
