create table public.settings (key text primary key, value text, touched int not null default 0);
