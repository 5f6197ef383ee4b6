create table public.steps (position int primary key, label text);
