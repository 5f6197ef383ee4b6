create table public.options (code text primary key, label text not null, sort int not null);
