create schema internal;
create table internal.a (id int primary key);
create table internal.b (id int primary key, secret text);
create view internal.c as select id from internal.a;
grant select on all tables in schema internal to anon, authenticated;
