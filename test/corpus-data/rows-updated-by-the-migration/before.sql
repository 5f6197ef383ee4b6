create table public.users (id int primary key, email text not null, active boolean not null default true, note text);
