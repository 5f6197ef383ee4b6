create table public.recipes (id int primary key, tag text);
insert into public.recipes values (1, 'sweet'), (2, null);
