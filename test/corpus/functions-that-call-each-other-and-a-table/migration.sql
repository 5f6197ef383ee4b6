drop view public.deep_nodes;
drop function public.is_deep(int);
drop function public.depth(int);
