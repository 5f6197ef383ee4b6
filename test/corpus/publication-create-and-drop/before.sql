create table public.ships (id int primary key, name text, secret text);
create publication old_pub for table public.ships with (publish = 'insert, update', publish_via_partition_root = true);
