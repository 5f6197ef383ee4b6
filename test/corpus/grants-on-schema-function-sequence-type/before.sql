create schema reporting;
create function reporting.run() returns int language sql as 'select 1';
create sequence reporting.run_no;
create type reporting.format as enum ('pdf', 'csv');
grant usage on schema reporting to authenticated;
