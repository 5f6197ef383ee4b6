create schema tmp_import;
comment on schema tmp_import is 'For the import of 2025';
grant usage on schema tmp_import to service_role;
alter default privileges in schema tmp_import grant select on tables to service_role;
