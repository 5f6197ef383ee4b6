create type public.state as enum ('draft', 'review', 'live');
create table public.pages (id int primary key, state public.state not null default 'draft', title text);
