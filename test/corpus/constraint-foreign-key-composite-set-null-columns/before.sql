create table public.tenants_users (tenant_id int, user_id int, primary key (tenant_id, user_id));
create table public.documents (id int primary key, tenant_id int not null, author_id int);
