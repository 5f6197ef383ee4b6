create table public.counters (name text primary key, value int not null default 0);
