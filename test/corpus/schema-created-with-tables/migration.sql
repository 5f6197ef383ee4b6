create schema billing;
comment on schema billing is 'Money';
grant usage on schema billing to authenticated, service_role;
create table billing.invoices (id bigint generated always as identity primary key, tenant_id uuid not null references public.tenants (id));
create table billing.invoice_lines (invoice_id bigint not null references billing.invoices (id) on delete cascade, line int not null, net numeric not null, primary key (invoice_id, line));
create view billing.totals as select invoice_id, sum(net) as net from billing.invoice_lines group by invoice_id;
grant select on all tables in schema billing to authenticated;
