create schema app;
alter default privileges in schema app grant select on tables to anon;
create table app.old (id int primary key);
