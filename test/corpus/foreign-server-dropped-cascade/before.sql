create extension if not exists postgres_fdw schema extensions;
create server warehouse foreign data wrapper postgres_fdw options (host 'wh.example.com', dbname 'wh');
create user mapping for postgres server warehouse options (user 'loader');
create foreign table public.wh_orders (id bigint not null, total numeric) server warehouse options (table_name 'orders');
