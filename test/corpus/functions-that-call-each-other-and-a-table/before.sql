create table public.tree (id int primary key, parent_id int);
create function public.depth(node int) returns int language plpgsql stable as $$
begin
  return coalesce((select 1 + public.depth(parent_id) from public.tree where id = node and parent_id is not null), 0);
end
$$;
create function public.is_deep(node int) returns boolean language sql stable begin atomic select public.depth(node) > 3; end;
create view public.deep_nodes as select id from public.tree where public.is_deep(id);
alter table public.tree add constraint tree_not_too_deep check (id > 0);
