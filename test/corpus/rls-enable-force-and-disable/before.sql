create table public.open_one (id int primary key);
create table public.closed_one (id int primary key);
alter table public.closed_one enable row level security;
alter table public.closed_one force row level security;
