create extension if not exists postgres_fdw schema extensions;
create server other_db foreign data wrapper postgres_fdw options (host 'db.example.com', dbname 'other', port '5432');
create user mapping for service_role server other_db options (user 'reader');
create foreign table public.remote_users (id int, email text options (column_name 'mail')) server other_db options (schema_name 'public', table_name 'users');
grant usage on foreign server other_db to service_role;
comment on server other_db is 'The old system';
