drop publication old_pub;
create publication new_pub for table public.ships (id, name) where (id > 10);
