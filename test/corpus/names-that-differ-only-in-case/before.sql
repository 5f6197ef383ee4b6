create table public.account (id int primary key, name text, "Name" text);
create table public."Account" (id int primary key, name text);
