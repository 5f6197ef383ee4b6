create table public.nodes (
  id int primary key,
  parent_id int constraint nodes_parent_fk references public.nodes (id)
);
insert into public.nodes values (1, null), (2, 1);
