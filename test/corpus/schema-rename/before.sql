create schema crm;
create table crm.leads (id serial primary key, name text);
create function crm.lead_count() returns bigint language sql stable as 'select count(*) from crm.leads';
create view public.lead_names as select name from crm.leads;
grant usage on schema crm to authenticated;
