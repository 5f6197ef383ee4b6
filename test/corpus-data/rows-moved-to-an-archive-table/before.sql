create table public.live (id int primary key, body text, old boolean not null default false);
create table public.archive (id int primary key, body text);
