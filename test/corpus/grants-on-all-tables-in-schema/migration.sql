revoke all on all tables in schema internal from anon;
grant select (id) on internal.b to anon;
grant all on all tables in schema internal to service_role;
