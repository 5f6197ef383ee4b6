create table public."user" (id int primary key, "order" int, "group" text, "default" text default 'x', "table" boolean);
create table public."select" ("from" int references public."user" (id), "where" text);
create type public."type" as enum ('all', 'any');
