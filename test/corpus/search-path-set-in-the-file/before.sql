create schema lib;
create table lib.records (id int primary key, name text);
