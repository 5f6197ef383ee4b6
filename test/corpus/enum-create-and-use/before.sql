create table public.tasks (id int primary key, state text not null default 'open');
insert into public.tasks values (1, 'open');
