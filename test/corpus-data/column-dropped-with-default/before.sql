create table public.jobs (id int primary key, state text not null default 'new', title text);
