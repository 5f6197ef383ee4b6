select pg_catalog.set_config('search_path', '', false);
set check_function_bodies = false;
create function lib.later() returns bigint language sql as 'select count(*) from lib.not_yet';
alter table lib.records add column extra text;
create table lib.not_yet (id int primary key);
