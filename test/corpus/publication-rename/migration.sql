alter publication p1 rename to lists_changes;
alter publication lists_changes set table public.lists where (id <> 0);
