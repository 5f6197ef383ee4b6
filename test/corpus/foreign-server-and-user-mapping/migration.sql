alter server other_db options (set host 'db2.example.com', drop port, add fetch_size '500');
alter foreign table public.remote_users options (set table_name 'people');
alter foreign table public.remote_users add column name text options (column_name 'full_name');
alter foreign table public.remote_users alter column email options (drop column_name);
drop user mapping for service_role server other_db;
create user mapping for public server other_db options (user 'guest');
