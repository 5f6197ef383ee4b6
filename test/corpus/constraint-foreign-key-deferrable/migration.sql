alter table public.nodes alter constraint nodes_parent_fk deferrable initially deferred;
