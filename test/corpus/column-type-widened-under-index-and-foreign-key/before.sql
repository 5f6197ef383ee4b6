create table public.parents (id integer primary key);
create table public.children (id integer primary key, parent_id integer references public.parents (id) on update cascade);
create index children_parent_idx on public.children (parent_id);
insert into public.parents values (1);
insert into public.children values (1, 1);
