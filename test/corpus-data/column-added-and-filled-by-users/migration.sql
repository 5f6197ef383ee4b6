alter table public.tasks add column due date, add column tags text[] not null default '{}';
create table public.tags (name text primary key);
