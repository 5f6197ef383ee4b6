alter default privileges in schema app grant all on tables to authenticated, service_role;
alter default privileges in schema app revoke select on tables from anon;
alter default privileges in schema app grant usage on sequences to authenticated;
create table app.new (id int primary key);
