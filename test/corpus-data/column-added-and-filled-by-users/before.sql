create table public.tasks (id int primary key, title text not null);
